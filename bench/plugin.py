"""The Session Manager plugin for the AWS CLI: the real one where it can be built or is installed, else ferry under its name."""

import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILT = ROOT / "build/clients/session-manager-plugin"


def put_on_path(folder, ferry):
    """Puts a session-manager-plugin into the folder; what it is, for the report."""
    link = pathlib.Path(folder) / "session-manager-plugin"
    if not BUILT.exists() and shutil.which("go"):
        subprocess.run([ROOT / "scripts/install-clients"], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    real = BUILT if BUILT.exists() else shutil.which("session-manager-plugin")
    link.symlink_to(real or ferry)
    if not real:
        return "ferry under the plugin's name: the real one could not be built here"
    version = subprocess.run([real, "--version"], capture_output=True, text=True).stdout.strip()
    return f"the real session-manager-plugin {version}"
