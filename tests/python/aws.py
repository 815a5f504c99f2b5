"""Stand-ins on loopback for what gives credentials in AWS, and for AWS's own hosts.

`Identities` answers as STS, the SSO portal and its OIDC service, the metadata of an instance and of a container do. Each gives an
access key that names it, so that a request to S3 shows who signed it. `Hosts` is an HTTPS proxy that ends TLS for every
`*.amazonaws.com` by an authority of the test's own: the program believes that it talks to AWS, and nothing leaves the machine.
"""

import datetime
import http.client
import http.server
import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

SECRET, TOKEN = "TOPSECRETKEY", "TOPSECRETTOKEN"


def later(seconds):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)


@dataclass
class Asked:
    """A request for credentials."""

    method: str
    path: str
    headers: dict
    form: dict

    @property
    def signed_by(self):
        return access_key(self.headers)


def access_key(headers):
    """Whose key signed a request, or None."""
    signature = {k.lower(): v for k, v in headers.items()}.get("authorization", "")
    return signature.split("Credential=")[1].split("/")[0] if "Credential=" in signature else None


def region(headers):
    """The Region that a request was signed for, or None."""
    signature = {k.lower(): v for k, v in headers.items()}.get("authorization", "")
    return signature.split("Credential=")[1].split("/")[2] if "Credential=" in signature else None


@dataclass
class Identities:
    """`answer` may be set to a function of an Asked that returns (status, text) in place of the usual answer."""

    lifetime: int = 3600
    answer: object = None
    asked: list = field(default_factory=list)

    def __post_init__(self):
        stand_in = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                form = {k: v[0] for k, v in parse_qs(body).items()}
                asked = Asked(self.command, self.path, dict(self.headers.items()), form)
                stand_in.asked.append(asked)
                status, text = (stand_in.answer and stand_in.answer(asked)) or stand_in.usual(asked)
                self.send_response_only(status)
                if asked.path == "/latest/api/token":
                    self.send_header("x-aws-ec2-metadata-token-ttl-seconds", "21600")
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = do_PUT = handle_one

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def env(self):
        """The endpoints of all of them; without it nothing is asked but loopback either."""
        return {
            "AWS_ENDPOINT_URL_STS": self.endpoint, "AWS_ENDPOINT_URL_SSO": self.endpoint,
            "AWS_ENDPOINT_URL_SSO_OIDC": self.endpoint, "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.endpoint,
        }

    def usual(self, asked):
        path = urlsplit(asked.path).path
        keys = {"SecretAccessKey": SECRET, "Token": TOKEN, "Expiration": later(self.lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")}
        if path == "/latest/api/token":
            return 200, "a-token-of-imds"
        if path == "/latest/meta-data/iam/security-credentials/":
            return 200, "instance-role"
        if path.startswith("/latest/meta-data/iam/security-credentials/"):
            if "x-aws-ec2-metadata-token" not in {k.lower() for k in asked.headers}:
                return 401, "IMDSv1 is off"
            return 200, json.dumps({"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "ASIAINSTANCE", "LastUpdated": keys["Expiration"], **keys})
        if path == "/container":
            return 200, json.dumps({"AccessKeyId": "ASIACONTAINER", **keys})
        if path == "/federation/credentials":
            expires = int((time.time() + self.lifetime) * 1000)
            given = {"accessKeyId": "ASIASSO", "secretAccessKey": SECRET, "sessionToken": TOKEN, "expiration": expires}
            return 200, json.dumps({"roleCredentials": given})
        if path == "/token":
            return 200, json.dumps({"accessToken": "new-token-of-sso", "expiresIn": 28800, "tokenType": "Bearer"})
        action = asked.form.get("Action")
        if action in ("AssumeRole", "AssumeRoleWithWebIdentity"):
            role = asked.form["RoleArn"].rsplit("/", 1)[1]
            given = (f"<AccessKeyId>ASIA{role.upper()}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>"
                     f"<SessionToken>{TOKEN}</SessionToken><Expiration>{keys['Expiration']}</Expiration>")
            user = f"<AssumedRoleUser><Arn>{asked.form['RoleArn']}</Arn><AssumedRoleId>x:y</AssumedRoleId></AssumedRoleUser>"
            return 200, sts(action, f"<Credentials>{given}</Credentials>{user}")
        if action == "GetCallerIdentity":
            arn = f"arn:aws:sts::123456789012:assumed-role/{asked.signed_by}"
            return 200, sts(action, f"<Arn>{arn}</Arn><UserId>u</UserId><Account>123456789012</Account>")
        return 404, "no"

    def of(self, action):
        return [asked for asked in self.asked if asked.form.get("Action") == action]


def sts(action, result):
    head = f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
    meta = "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
    return f"{head}<{action}Result>{result}</{action}Result>{meta}</{action}Response>"


def denied(asked):
    if asked.form.get("Action") != "AssumeRole":
        return None
    message = (f"User: arn:aws:iam::111122223333:user/etl is not authorized to perform: sts:AssumeRole on resource: "
               f"{asked.form['RoleArn']}")
    return 403, ("<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
                 f"<Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>")


def authority(folder):
    """Makes a certificate authority and a certificate for AWS's hosts; returns the files of both."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def make(subject, issuer, key, signer, *extensions):
        builder = (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(later(-3600)).not_valid_after(later(86400)))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(signer, hashes.SHA256())

    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    root = make("a test's authority", "a test's authority", root_key, root_key,
                (x509.BasicConstraints(ca=True, path_length=0), True), (usage, True))
    hosts = [f"*.{service}.{region}.{domain}" for domain, regions in {
        "amazonaws.com": ["us-east-1", "eu-west-1", "us-gov-west-1"], "amazonaws.com.cn": ["cn-north-1"],
        "amazonaws.eu": ["eusc-de-east-1"], "c2s.ic.gov": ["us-iso-east-1"],
    }.items() for region in regions
        for service in ["s3", "s3-fips", "s3.dualstack", "s3-fips.dualstack", "s3-accesspoint"]]
    names = hosts + [host.removeprefix("*.") for host in hosts]
    leaf = make("AWS's hosts", "a test's authority", key, root_key,
                (x509.SubjectAlternativeName([x509.DNSName(host) for host in names]), False),
                (x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), False))
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    ca, server = folder / "ca.pem", folder / "server.pem"
    ca.write_bytes(root.public_bytes(pem))
    server.write_bytes(leaf.public_bytes(pem) + private)
    return ca, server


@dataclass
class Hosts:
    """An HTTPS proxy behind which every host is `upstream`, which sees path style. `hook` may answer in its place: a function of
    (host, method, path, headers) that returns None or (status, headers, body)."""

    upstream: str
    certificate: object
    hook: object = None
    requests: list = field(default_factory=list)  # (host, method, path, headers)

    def __post_init__(self):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.tunnel, args=(connection,), daemon=True).start()

    def tunnel(self, connection):
        try:
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(4096)
            host = head.split()[1].decode().rsplit(":", 1)[0]
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with self.context.wrap_socket(connection, server_side=True) as tls:
                proxy = self

                class Handler(http.server.BaseHTTPRequestHandler):
                    protocol_version = "HTTP/1.1"

                    def handle_one(self):
                        proxy.answer(self, host)

                    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_one

                    def log_message(self, *args):
                        pass

                Handler(tls, ("127.0.0.1", 0), None)
        except (OSError, ssl.SSLError, IndexError):
            connection.close()

    def answer(self, request, host):
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        headers = dict(request.headers.items())
        self.requests.append((host, request.command, request.path, headers))
        told = self.hook and self.hook(host, request.command, request.path, headers)
        if told is None:
            bucket = host.split(".s3", 1)[0] if ".s3" in host else None
            path = f"/{bucket}{request.path}" if bucket else request.path
            url = urlsplit(self.upstream)
            upstream = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
            sent = {k: v for k, v in headers.items() if k.lower() not in ("host", "connection")}
            upstream.request(request.command, path, body, {**sent, "Host": url.netloc})
            response = upstream.getresponse()
            told = response.status, dict(response.getheaders()), response.read()
        status, headers, body = told
        request.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                request.send_header(name, value)
        length = headers.get("Content-Length") if request.command == "HEAD" else None
        request.send_header("Content-Length", length or str(len(body)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)

    def hosts(self):
        return {host for host, *_ in self.requests}

    def env(self, ca):
        return {"HTTPS_PROXY": self.endpoint, "AWS_CA_BUNDLE": str(ca)}
