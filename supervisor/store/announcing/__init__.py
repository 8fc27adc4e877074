"""What happens beside incidents becomes lines of the journal of topics: one module a subject. docs/adr/0009."""
