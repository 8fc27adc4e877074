"""The database: the only place where SQL lives.

`Store` owns the threads and the transactions; the queries are plain functions of a connection, one module a subject,
run through `Store.write`, `Store.read` or `open_for_reading`. docs/adr/0003-storage.md says why it is so.
"""
