"""What people do to the register: incidents, maintenance, exclusions, requests. SPEC 5 and 6.

Each act is a function of a scene and its arguments: it refuses with a VigieError or does all of it, in the one
transaction of whoever calls `performing.perform`. Commands, pages and the API ask for the same acts.
"""
