"""SNMP: what an agent says of its disks, its interfaces and anything else that has an OID."""
