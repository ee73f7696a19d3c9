"""A certificate authority of the tests' own, and servers' certificates by it, good and bad ones."""

import datetime
import itertools
import ssl
import subprocess

CONFIGURATION = """
[ca]
default_ca = tests
[tests]
database = index.txt
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
"""
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def in_days(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")


class Authority:
    """`path` is the file to trust; the folder is the authority's own."""

    def __init__(self, folder):
        self.folder, self.path, self._numbers = folder, folder / "authority.pem", itertools.count()
        (folder / "authority.cnf").write_text(CONFIGURATION)
        (folder / "index.txt").touch()
        (folder / "serial").write_text("01\n")
        self._openssl("req", "-x509", *NEW_KEY, "-keyout", "authority.key", "-out", "authority.pem", "-subj", "/CN=Private", "-days", "2")

    def _openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def server(self, names="DNS:localhost", first_day=-1, last_day=1):
        """The context of a server with a certificate for these names, valid between these days from now."""
        name = f"server-{next(self._numbers)}"
        self._openssl("req", *NEW_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (self.folder / "names").write_text(f"subjectAltName = {names}\n")
        self._openssl("ca", "-batch", "-config", "authority.cnf", "-cert", "authority.pem", "-keyfile", "authority.key", "-extfile", "names",
                      "-startdate", in_days(first_day), "-enddate", in_days(last_day), "-in", f"{name}.csr", "-out", f"{name}.pem")  # fmt: skip
        return self._context(name)

    def self_signed_server(self, names="DNS:localhost"):
        name = f"server-{next(self._numbers)}"
        self._openssl("req", "-x509", *NEW_KEY, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}",
                      "-addext", f"subjectAltName = {names}", "-days", "1")  # fmt: skip
        return self._context(name)

    def _context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        return context
