"""`vigie history import`: the past, through the same judge into the same tables as the present. SPEC 11.

1. The whole file is read and checked; one bad line refuses all of it, by its number (`reader`, `events`).
2. Steps taken on a sonde's incident are rehearsed: a step before its incident refuses the file too (`rehearsal`).
3. The lines are applied in slices, each recorded in one transaction (`replay`).
4. The incidents concerned are told, from all that is known now.
5. Sondes that history left in place and the config does not have are removed, now.

A crash between two slices leaves a prefix of the file applied; importing the same file again completes it: a result
at or before its sonde's last one is skipped, an event is known by its content. Imported history alerts nobody.
"""
