"""`python -m bench.snmp`: what reading a host's storage table costs, beside snmp_exporter.

A real snmpd (its CPU is not counted) tells of 13 volumes, 65 values, at ten addresses that are read at once. Vigie's
figure is the CPU time of this process for whole runs of `disk`, judged and not stored: alone on its host, so that each
run walks; then five sondes of one host, which share a walk. The exporter's is that of its process for one request of
the same five columns; Prometheus, which would ask it and store the answer, is not counted. Needs Debian's snmpd, and
prometheus-snmp-exporter for the ratio.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import yaml

from bench.processes import BenchError, Process, cpu_s
from probes import runner
from probes.base import Run, Shared, Status, Target
from probes.disk import PROBE, DiskSettings
from probes.secret import Secret
from probes.snmp.access import SnmpAccess

_ENTRY = "1.3.6.1.2.1.25.2.3.1"
_VOLUMES = 13
_HOSTS = 10  # read at once
_TABLE = Path(__file__).parents[1] / "tests" / "integration" / "probes" / "snmp_table.py"
_COLUMNS = {
    2: "objectid .1.3.6.1.2.1.25.2.1.4",
    3: "string /srv/{row}",
    4: "integer 4096",
    5: "integer 26214400",
    6: "integer 9000000",
}
_CONFIG = """rocommunity public
createUser vigie SHA-256 authentifie AES chiffrement
rouser vigie priv
pass_persist .1.3.6.1.2.1.25 {python} {script} {table}
"""
_MODULES = "system_mib,snmp_mib,vacm_conf,vacm_vars,usmConf,usmUser,usmStats,snmpEngine,pass,pass_persist"


@click.command()
@click.option("--runs", default=200, show_default=True, help="Checks measured of each kind.")
def main(runs: int) -> None:
    """What reading a storage table costs."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        table = directory / "table"
        table.write_text(
            "".join(
                f"{_ENTRY}.{column}.{row} {value.format(row=row)}\n"
                for column, value in _COLUMNS.items()
                for row in range(1, _VOLUMES + 1)
            )
        )
        with _snmpd(directory, table) as agent:
            port = agent.wait_for(lambda: _port(agent.pid, "udp"), 10, "no port of snmpd")
            known = SnmpAccess(
                version=3,
                user="vigie",
                auth_password=Secret("authentifie"),
                privacy_password=Secret("chiffrement"),
                port=port,
            )
            click.echo("| | CPU ms per check |\n|---|---|")
            for title, access, sondes in (
                ("Vigie, version 2c", SnmpAccess(port=port), 1),
                ("Vigie, version 3", known, 1),
                ("Vigie, version 2c, five sondes of a host", SnmpAccess(port=port), 5),
            ):
                click.echo(f"| {title} | {asyncio.run(_vigie(access, sondes, runs)):.2f} |")
            if (exporter := shutil.which("prometheus-snmp-exporter")) is not None:
                click.echo(f"| snmp_exporter alone, version 2c | {_exporter(exporter, directory, port, runs):.2f} |")


def _snmpd(directory: Path, table: Path) -> Process:
    program = shutil.which("snmpd", path="/usr/sbin:/usr/bin")
    if program is None:
        raise BenchError("snmpd is missing: apt-get install snmpd")
    config = directory / "snmpd.conf"
    config.write_text(_CONFIG.format(python=sys.executable, script=_TABLE, table=table))
    command = [program, "-f", "-Lo", "-C", "-c", str(config), "-I", _MODULES, "udp:0.0.0.0:0"]
    return Process(command, directory / "snmpd.log", env={"SNMP_PERSISTENT_DIR": str(directory), "MIBS": ""})


async def _vigie(access: SnmpAccess, sondes: int, runs: int) -> float:
    shared, settings, spent_s = Shared(), DiskSettings(access=access), 0.0

    async def check(host: int, sonde: int) -> None:
        target = Target(sonde=f"bench/{host}/{sonde}", address=f"127.0.0.{host}")
        result = await runner.run(PROBE, target, settings, Run(shared, time.time(), 10.0))
        if result.status is not Status.OK:
            raise BenchError(result.message)

    rounds = max(1, runs // (_HOSTS * sondes))
    try:
        for number in range(rounds + 1):
            if number == 1:  # the first round opens sockets and learns how long the tables are
                spent_s = -time.process_time()
            for sonde in range(sondes):
                await asyncio.gather(*(check(host, sonde) for host in range(1, _HOSTS + 1)))
        return (spent_s + time.process_time()) / (rounds * _HOSTS * sondes) * 1000
    finally:
        await shared.close()


def _exporter(program: str, directory: Path, port: int, runs: int) -> float:
    config = directory / "snmp.yml"
    index = [{"labelname": "index", "type": "gauge"}]
    metrics = [
        {"name": f"column{column}", "oid": f"{_ENTRY}.{column}", "type": kind, "help": "-", "indexes": index}
        for column, kind in ((2, "DisplayString"), (3, "DisplayString"), (4, "gauge"), (5, "gauge"), (6, "gauge"))
    ]
    walk = [f"{_ENTRY}.{column}" for column in _COLUMNS]
    config.write_text(yaml.safe_dump({"storage": {"walk": walk, "metrics": metrics}}))
    command = [program, f"--config.file={config}", "--web.listen-address=127.0.0.1:0"]
    with Process(command, directory / "exporter.log") as process:
        listening = process.wait_for(lambda: _port(process.pid, "tcp"), 10, "no port of the exporter")

        def scrape(number: int) -> None:
            host = f"127.0.0.{1 + number % _HOSTS}:{port}"
            with urllib.request.urlopen(f"http://127.0.0.1:{listening}/snmp?module=storage&target={host}") as answer:
                if answer.read().count(b"column5{") != _VOLUMES:
                    raise BenchError("the exporter did not read the table")

        with ThreadPoolExecutor(_HOSTS) as threads:
            list(threads.map(scrape, range(_HOSTS)))
            before_s = cpu_s([process.pid])
            list(threads.map(scrape, range(runs)))
        return (cpu_s([process.pid]) - before_s) / runs * 1000


def _port(pid: int, protocol: str) -> int | None:
    """The port that a process holds, once it does."""
    sockets = {str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
    for name in (protocol, f"{protocol}6"):
        for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]:
            words = line.split()
            if f"socket:[{words[9]}]" in sockets and words[2].endswith(":0000"):
                return int(words[1].rpartition(":")[2], 16)
    return None


if __name__ == "__main__":
    main()
