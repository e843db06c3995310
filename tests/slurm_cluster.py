"""A real Slurm on this machine: munged, slurmctld and some slurmd, all of it in one folder and on the loopback."""

import ctypes
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple, Self

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scancel", "scontrol", "sinfo", "squeue", "srun")
SEARCH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])  # /usr/sbin: Debian's daemons
LIBC = ctypes.CDLL(None)

# cred_expire is also how long a requeued job waits: 120 s, unless told otherwise, and 5 s at least.
# config_overrides: all nodes are this machine, yet each has what its line says, so four jobs run on two cores.
# SlurmdTimeout: the jobs of a node that only was too busy to answer would run twice.
# sched/builtin: backfill starts jobs and does not save that it did, so a killed controller would start them again.
CONFIGURATION = """\
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1
MessageTimeout=30
SlurmdTimeout=300
KillWait=3
ReturnToService=2
PartitionName=main Nodes=ALL Default=YES
"""
NODE = "NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} CPUs=1 RealMemory=4000\n"


class Job(NamedTuple):
    """One job, or one task of an array, as squeue tells it."""

    id: str  # of the array, if it is a task of one
    task: str  # "N/A" if it is not
    state: str
    node: str  # "" while it waits


def available() -> bool:
    """Whether Slurm can be started here; as configured, its daemons are root's."""
    return os.geteuid() == 0 and all(shutil.which(program, path=SEARCH) for program in PROGRAMS)


class Cluster:
    """Slurm, while inside `with`. The folder's path must be short: no socket's may be longer than 107 characters."""

    def __init__(self, folder: Path, nodes: int = 4) -> None:
        self.folder = folder
        self.nodes = [f"node{number}" for number in range(1, nodes + 1)]
        # What sbatch, squeue ... need. In a job of another Slurm, the variables of that would be options here.
        outer = {key: value for key, value in os.environ.items() if not key.startswith(("SLURM", "SBATCH", "SQUEUE"))}
        self.environment = {**outer, "PATH": SEARCH, "SLURM_CONF": str(folder / "slurm.conf")}
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        (self.folder / "state").mkdir(parents=True)
        controller_port, *ports = free_ports(1 + len(self.nodes))
        lines = [NODE.format(name=node, port=port) for node, port in zip(self.nodes, ports, strict=True)]
        configuration = CONFIGURATION.format(folder=self.folder, controller_port=controller_port)
        (self.folder / "slurm.conf").write_text(configuration + "".join(lines))
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(128))
        try:
            files = {"socket": "munge.socket", "key-file": key.name, "pid-file": "munge.pid", "seed-file": "munge.seed"}
            options = [f"--{option}={self.folder / name}" for option, name in files.items()]
            self.start("munged", "munged", "--foreground", "--force", *options)  # it would rather not be root's
            wait_until((self.folder / "munge.socket").exists)
            self.start_controller()
            for node in self.nodes:
                self.start_node(node)
            wait_until(lambda: self.command("sinfo", "-hNo", "%T").split() == ["idle"] * len(self.nodes))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        for name in reversed(list(self.daemons)):  # munged last
            self.kill(name)

    def command(self, *arguments: str) -> str:
        """What one of Slurm's commands prints."""
        return subprocess.run(arguments, env=self.environment, check=True, text=True, stdout=subprocess.PIPE).stdout

    def jobs(self) -> list[Job]:
        """Every job and array task, in the order they were submitted; finished ones are remembered for five minutes."""
        lines = self.command("squeue", "--noheader", "--array", "--states=all", "--sort=i", "--format=%F|%K|%T|%N")
        return [Job(*line.split("|")) for line in lines.splitlines()]

    def kill_node(self, node: str) -> None:
        """As if its power failed, and the controller is told so; the node's jobs start elsewhere 6 s later."""
        self.kill(node)
        self.command("scontrol", "update", f"nodename={node}", "state=down", "reason=test")

    def start_node(self, node: str) -> None:
        """Starts a node's daemon, which reports to the controller by itself."""
        self.start(node, "slurmd", "-D", "-N", node)

    def restart_controller(self) -> None:
        """As an update does. Were it killed, Slurm would lose the last seconds and drain nodes that know better."""
        self.daemons["slurmctld"].terminate()
        self.daemons.pop("slurmctld").wait()
        self.start_controller()

    def start_controller(self) -> None:
        self.start("slurmctld", "slurmctld", "-D")
        ping = ["scontrol", "ping"]
        wait_until(lambda: subprocess.run(ping, env=self.environment, stdout=subprocess.DEVNULL).returncode == 0)

    def start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.out").open("ab") as output:
            self.daemons[name] = subprocess.Popen(
                command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is pytest's, which then leaves the `with`
                preexec_fn=adopt_orphans,
            )

    def kill(self, name: str) -> None:
        """Kills a daemon and all that it has started, none of which can tell the controller."""
        daemon = psutil.Process(self.daemons[name].pid)
        daemon.suspend()  # it starts nothing more, and still adopts
        while descendants := [each for each in daemon.children(recursive=True) if alive(each)]:
            for each in descendants:  # parents first: a slurmstepd would report that its job was killed
                with suppress(psutil.NoSuchProcess):
                    each.kill()
        daemon.kill()
        self.daemons.pop(name).wait()


def adopt_orphans() -> None:
    """A slurmstepd is nobody's child; this makes it slurmd's, so that we find it and whatever the job started."""
    PR_SET_CHILD_SUBREAPER = 36
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def alive(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def free_ports(count: int) -> list[int]:
    """Different ports of the loopback that nobody uses."""
    with ExitStack() as stack:
        servers = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [server.getsockname()[1] for server in servers]


def wait_until(condition: Callable[[], object], seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
