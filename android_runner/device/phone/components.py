"""Names of components: PACKAGE/CLASS."""

from phone.call import JavaError


def component(text: str) -> tuple[str, str]:
    """Package and full class of `PACKAGE/CLASS`; JavaError for anything else."""
    package, slash, name = text.partition("/")
    if not (package and slash and name):
        raise JavaError("java.lang.IllegalArgumentException", f"Bad component name: {text}")
    return package, package + name if name.startswith(".") else name


def short(package: str, name: str) -> str:
    """`PACKAGE/.Class` where the class lies in the package."""
    return f"{package}/{name[len(package) :] if name.startswith(package + '.') else name}"
