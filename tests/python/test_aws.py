"""Pointed at real buckets: whose credentials sign which side, in which Region and partition the bucket lies, how objects are written, and
what is said when it does not work. Nothing here leaves loopback: see `aws`."""

import base64
import hashlib
import json
import os
import stat
import time
from urllib.parse import urlsplit

import pytest
from aws import SECRET, TOKEN, Hosts, Identities, access_key, authority, denied, region
from conftest import expected, read, records
from flowlogs import DAY, V2, Folder, key, make_rows, pack, text
from proxy import Proxy, Reply

ROWS = make_rows(V2, 12)
BODY = pack(text(V2, ROWS))
READER, WRITER = (f"arn:aws:iam::{account}:role/{name}" for account, name in
                  [("111122223333", "logreader"), ("444455556666", "tablewriter")])
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT", "AWS_SECRET_ACCESS_KEY": SECRET}
#: No test asks an instance that it did not stand in for.
CLOSED = {"AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture
def identities():
    stand_in = Identities()
    yield stand_in
    stand_in.close()


@pytest.fixture
def aws(s3, run, identities, tmp_path):
    return Aws(s3, run, identities, tmp_path)


class Aws:
    """Two buckets, each behind a proxy of its own, so that the identities of both sides are told apart."""

    def __init__(self, s3, run, identities, tmp):
        self.s3, self.run_it, self.identities, self.tmp = s3, run, identities, tmp
        self.to_source, self.to_dest = Proxy(s3.server.endpoint), Proxy(s3.server.endpoint)
        self.source, self.dest = s3.place("raw", s3.new_bucket()), s3.place("out", s3.new_bucket())
        self.source.put(key(), BODY)
        self.env = {**identities.env(), "AWS_CONFIG_FILE": str(tmp / "config"),
                    "AWS_SHARED_CREDENTIALS_FILE": str(tmp / "credentials"), "AWS_REGION": "us-east-1"}
        self.args = ["--source-endpoint-url", self.to_source.endpoint, "--dest-endpoint-url", self.to_dest.endpoint,
                     "--allow-http", "--any-endpoint"]

    def config(self, text, credentials=""):
        (self.tmp / "config").write_text(text)
        (self.tmp / "credentials").write_text(credentials)

    def run(self, *args, env=CLOSED, expect=0):
        done = self.run_it(*args, *self.args, env={**self.env, **env}, expect=expect)
        for secret in (SECRET, TOKEN):
            assert secret not in done.out + done.err, done
        return done

    def convert(self, *args, env=CLOSED, expect=0):
        self.to_source.clear()
        self.to_dest.clear()
        return self.run("convert", self.source.uri, self.dest.uri, "--day", DAY, *args, env=env, expect=expect)

    def signers(self):
        """Who signed the requests of SOURCE and of DEST."""
        signers = [{access_key(r.headers) for r in proxy.requests} for proxy in (self.to_source, self.to_dest)]
        assert all(len(side) == 1 for side in signers), signers
        return signers[0].pop(), signers[1].pop()

    def check(self, tmp):
        assert records(read(self.dest, tmp), V2) == expected(V2, ROWS)
        kept = "".join(self.dest.get(k).decode("latin-1") for k in self.dest.keys())
        assert SECRET not in kept and TOKEN not in kept


def test_the_log_archive_account_is_read_by_a_role_and_the_table_is_written_by_another(aws, tmp_path):
    aws.config(f"""
[profile archive]
role_arn = {READER}
source_profile = base
external_id = an-id
role_session_name = nightly
duration_seconds = 900
[profile table]
role_arn = {WRITER}
source_profile = base
""", f"[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = {SECRET}\n")
    aws.convert("--source-profile", "archive", "--dest-profile", "table")
    assert aws.signers() == ("ASIALOGREADER", "ASIATABLEWRITER")
    asked = {a.form["RoleArn"]: a for a in aws.identities.of("AssumeRole")}
    assert asked[READER].form["ExternalId"] == "an-id" and asked[READER].form["RoleSessionName"] == "nightly"
    assert asked[READER].form["DurationSeconds"] == "900" and "ExternalId" not in asked[WRITER].form
    assert {a.signed_by for a in asked.values()} == {"AKIABASE"}
    aws.check(tmp_path / "t")


def test_roles_by_option_over_whatever_credentials_there_are(aws, tmp_path):
    args = ["--source-role", READER, "--dest-role", WRITER, "--external-id", "an-id"]
    aws.convert(*args, env={**CLOSED, **KEYS})
    assert aws.signers() == ("ASIALOGREADER", "ASIATABLEWRITER")
    assert {a.signed_by for a in aws.identities.of("AssumeRole")} == {"AKIAENVIRONMENT"}
    assert {a.form["ExternalId"] for a in aws.identities.of("AssumeRole")} == {"an-id"}
    aws.check(tmp_path / "t")
    # One side alone.
    aws.convert("--source-role", READER, env={**CLOSED, **KEYS})
    assert aws.signers() == ("ASIALOGREADER", "AKIAENVIRONMENT")


def test_roles_are_chained(aws):
    aws.config(f"""
[profile first]
role_arn = {READER}
source_profile = base
[profile second]
role_arn = {WRITER}
source_profile = first
""", f"[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = {SECRET}\n")
    aws.convert("--profile", "second")
    assert aws.signers() == ("ASIATABLEWRITER", "ASIATABLEWRITER")
    assert [a.signed_by for a in aws.identities.of("AssumeRole")][-2:] == ["AKIABASE", "ASIALOGREADER"]


def test_a_profile_by_option_goes_before_keys_in_the_environment_and_by_variable_behind_them(aws):
    aws.config("", f"[mine]\naws_access_key_id = AKIAMINE\naws_secret_access_key = {SECRET}\n")
    aws.convert("--profile", "mine", env={**CLOSED, **KEYS})
    assert aws.signers() == ("AKIAMINE", "AKIAMINE")
    aws.convert(env={**CLOSED, **KEYS, "AWS_PROFILE": "mine"})
    assert aws.signers() == ("AKIAENVIRONMENT", "AKIAENVIRONMENT")
    aws.convert(env={**CLOSED, "AWS_PROFILE": "mine"})
    assert aws.signers() == ("AKIAMINE", "AKIAMINE")
    aws.convert("--source-profile", "mine", env={**CLOSED, **KEYS})
    assert aws.signers() == ("AKIAMINE", "AKIAENVIRONMENT")


@pytest.mark.parametrize("kind", ["session", "legacy"])
def test_sso_on_a_laptop(aws, tmp_path, kind):
    start = "https://corp.awsapps.com/start"
    more = f"sso_start_url = {start}\nsso_region = us-east-1\n" if kind == "legacy" else "sso_session = corp\n"
    aws.config(f"[profile laptop]\n{more}sso_account_id = 111122223333\nsso_role_name = Reader\n"
               f"[sso-session corp]\nsso_region = us-east-1\nsso_start_url = {start}\n")
    home = tmp_path / "home"
    cache = home / ".aws/sso/cache"
    cache.mkdir(parents=True)
    name = hashlib.sha1((start if kind == "legacy" else "corp").encode()).hexdigest()
    held = {"accessToken": "token-of-sso", "expiresAt": "2099-01-01T00:00:00Z", "region": "us-east-1", "startUrl": start}
    (cache / f"{name}.json").write_text(json.dumps(held))
    aws.convert("--profile", "laptop", env={**CLOSED, "HOME": str(home)})
    assert aws.signers() == ("ASIASSO", "ASIASSO")
    asked = [a for a in aws.identities.asked if "federation" in a.path]
    assert asked and asked[0].headers["x-amz-sso_bearer_token"] == "token-of-sso"
    # Logged out.
    (cache / f"{name}.json").unlink()
    done = aws.convert("--profile", "laptop", env={**CLOSED, "HOME": str(home)}, expect=2)
    assert "aws sso login" in done.err, done


def test_a_process_gives_credentials_and_is_asked_again_before_they_expire(aws, tmp_path):
    calls = tmp_path / "calls"
    script = tmp_path / "give me keys.sh"
    script.write_text(f"""#!/bin/sh
echo "$1" >> {calls}
expires=$(date -u -d '+6 seconds' +%Y-%m-%dT%H:%M:%SZ)
n=$(wc -l < {calls})
echo '{{"Version":1,"AccessKeyId":"ASIAPROCESS'$n'","SecretAccessKey":"{SECRET}","SessionToken":"{TOKEN}","Expiration":"'$expires'"}}'
""")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    aws.config(f'[profile p]\ncredential_process = "{script}" "two words"\n')
    aws.to_source.hook = lambda request: time.sleep(1.2)
    for number in range(1, 8):
        aws.source.put(key(number), pack(text(V2, make_rows(V2, 2, seed=number))))
    aws.convert("--profile", "p", "--threads", "1", "--memory", "128MiB")
    signers = {access_key(r.headers) for proxy in (aws.to_source, aws.to_dest) for r in proxy.requests}
    assert len(signers) > 2, f"asked again in mid run: {signers}"
    assert set(calls.read_text().splitlines()) == {"two words"}


def test_expired_credentials_are_asked_for_again(aws):
    given = []

    def answer(asked):
        if asked.form.get("Action") == "AssumeRole":
            given.append(asked)
        return None

    aws.identities.answer = answer
    refused = []

    def hook(request):
        if request.kind == "GET" and not refused:
            refused.append(request)
            return Reply(400, "ExpiredToken", "The provided token has expired.")
        return None

    aws.to_source.hook = hook
    aws.convert("--source-role", READER, env={**CLOSED, **KEYS})
    assert refused and len(given) == 2, "once at first, once for the one that was refused"


@pytest.mark.parametrize("token", ["none", "variable", "file"])
def test_a_container_or_cloudshell_or_eks_pod_identity(aws, tmp_path, token):
    env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{aws.identities.endpoint}/container"}
    if token == "variable":
        env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "a-token"
    if token == "file":
        (tmp_path / "token").write_text("a-token")
        env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(tmp_path / "token")
    aws.convert(env={**CLOSED, **env})
    assert aws.signers() == ("ASIACONTAINER", "ASIACONTAINER")
    asked = {a.headers.get("Authorization") or a.headers.get("authorization") for a in aws.identities.asked if a.path == "/container"}
    assert asked == {None if token == "none" else "a-token"}
    assert not [a for a in aws.identities.asked if "latest" in a.path], "the instance is not asked"


def test_a_web_identity_as_in_eks(aws, tmp_path):
    (tmp_path / "token").write_text("a-web-identity")
    env = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"), "AWS_ROLE_ARN": READER, "AWS_ROLE_SESSION_NAME": "pod"}
    aws.convert(env={**CLOSED, **env})
    assert aws.signers() == ("ASIALOGREADER", "ASIALOGREADER")
    asked = aws.identities.of("AssumeRoleWithWebIdentity")[0].form
    assert (asked["WebIdentityToken"], asked["RoleSessionName"]) == ("a-web-identity", "pod")


def test_an_instance_by_imdsv2(aws):
    aws.convert(env={})
    assert aws.signers() == ("ASIAINSTANCE", "ASIAINSTANCE")
    assert any(a.method == "PUT" and a.path == "/latest/api/token" for a in aws.identities.asked)


@pytest.mark.parametrize("source", ["Environment", "Ec2InstanceMetadata", "EcsContainer"])
def test_a_role_by_what_the_machine_has(aws, source):
    aws.config(f"[profile p]\nrole_arn = {READER}\ncredential_source = {source}\n")
    env = {"Environment": {**CLOSED, **KEYS}, "Ec2InstanceMetadata": {},
           "EcsContainer": {**CLOSED, "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{aws.identities.endpoint}/container"}}[source]
    aws.convert("--profile", "p", env=env)
    by = {"Environment": "AKIAENVIRONMENT", "Ec2InstanceMetadata": "ASIAINSTANCE", "EcsContainer": "ASIACONTAINER"}[source]
    assert {a.signed_by for a in aws.identities.of("AssumeRole")} == {by}
    assert aws.signers() == ("ASIALOGREADER", "ASIALOGREADER")


def test_without_credentials_it_is_said_at_once_who_was_asked(aws):
    begun = time.monotonic()
    done = aws.convert(expect=2)
    assert time.monotonic() - begun < 10
    for said in ["there are no credentials", "AWS_ACCESS_KEY_ID is not set", "no credentials in the profile default",
                 "AWS_EC2_METADATA_DISABLED is set", "help: set AWS_ACCESS_KEY_ID"]:
        assert said in done.err, done
    # Where no instance is, nobody answers.
    begun = time.monotonic()
    aws.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:9"
    assert "no instance metadata" in aws.convert(env={}, expect=2).err
    assert time.monotonic() - begun < 10


def test_a_profile_that_is_not_there_is_said_with_those_that_are(aws):
    aws.config("[profile prod-logs]\nregion = eu-west-1\n", "[other]\naws_access_key_id = x\n")
    done = aws.convert("--profile", "prod", expect=2)
    assert 'there is no profile "prod"' in done.err, done
    assert "there are other, prod-logs" in done.err and str(aws.tmp / "config") in done.err, done
    done = aws.convert(env={**CLOSED, **KEYS, "AWS_PROFILE": "prod"}, expect=2)
    assert 'AWS_PROFILE names the profile "prod"' in done.err, done
    assert not aws.identities.asked, "nobody else's credentials are taken"


def test_a_role_that_is_not_given(aws):
    aws.identities.answer = denied
    done = aws.convert("--source-role", READER, env={**CLOSED, **KEYS}, expect=2)
    for said in ["no credentials are given", "is not authorized to perform: sts:AssumeRole", "trust policy"]:
        assert said in done.err, done
    done = aws.convert("--source-role", "logreader", env={**CLOSED, **KEYS}, expect=2)
    assert "is no ARN of a role" in done.err, done


def test_a_profile_that_wants_an_mfa_code_is_refused_in_words(aws):
    aws.config(f"[profile p]\nrole_arn = {READER}\nsource_profile = base\nmfa_serial = arn:aws:iam::111122223333:mfa/me\n",
               f"[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = {SECRET}\n")
    done = aws.convert("--profile", "p", expect=2)
    assert "wants an MFA code" in done.err and "export-credentials" in done.err and not aws.identities.asked, done


def test_a_process_that_fails_ends_it_and_nobody_else_is_asked(aws):
    aws.config("[profile p]\ncredential_process = sh -c 'echo boom >&2; exit 3'\n")
    done = aws.convert("--profile", "p", env={}, expect=2)
    assert "no credentials are given" in done.err and not aws.to_source.requests and not aws.identities.asked, done


def test_what_gives_credentials_and_does_not_answer_is_a_passing_trouble(aws):
    aws.identities.answer = lambda asked: (503, "<ErrorResponse><Error><Code>ServiceUnavailable</Code><Message>m</Message></Error></ErrorResponse>")
    aws.convert("--source-role", READER, env={**CLOSED, **KEYS, "AWS_MAX_ATTEMPTS": "1"}, expect=3)


@pytest.mark.parametrize("way", ["profile", "sso", "web identity", "container", "instance", "process", "denied"])
def test_no_secret_is_in_anything_that_is_printed_or_written(aws, tmp_path, way):
    secrets = [SECRET, TOKEN, "token-of-sso", "a-web-identity", "a-token-of-a-container", "a-token-of-imds", "SECRETPASSWORD"]
    home, files = tmp_path / "home", tmp_path / "files"
    cache = home / ".aws/sso/cache"
    cache.mkdir(parents=True)
    files.mkdir()
    start = "https://corp.awsapps.com/start"
    held = {"accessToken": "token-of-sso", "expiresAt": "2099-01-01T00:00:00Z", "region": "us-east-1", "startUrl": start}
    (cache / f"{hashlib.sha1(b'corp').hexdigest()}.json").write_text(json.dumps(held))
    (files / "token").write_text("a-web-identity")
    given = json.dumps({"Version": 1, "AccessKeyId": "ASIAP", "SecretAccessKey": SECRET, "SessionToken": TOKEN})
    (files / "given").write_text(given)
    aws.config(f"""
[profile profile]
role_arn = {READER}
source_profile = base
[profile sso]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Reader
[sso-session corp]
sso_region = us-east-1
sso_start_url = {start}
[profile process]
credential_process = cat {files}/given
""", f"[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = {SECRET}\n")
    args = ["--profile", way] if way in ("profile", "sso", "process") else []
    env = {**CLOSED, "HOME": str(home), "FLOWPARQUET_LOG": "trace,aws_config=trace,aws_smithy_runtime=trace,reqwest=trace,hyper_util=trace",
           "HTTPS_PROXY": "http://me:SECRETPASSWORD@127.0.0.1:9", **{
        "web identity": {"AWS_WEB_IDENTITY_TOKEN_FILE": str(files / "token"), "AWS_ROLE_ARN": READER},
        "container": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{aws.identities.endpoint}/container",
                      "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a-token-of-a-container"},
        "instance": {"AWS_EC2_METADATA_DISABLED": "false"}, "denied": KEYS,
    }.get(way, {})}
    if way == "denied":
        aws.identities.answer = denied
        args = ["--source-role", READER]
    report = tmp_path / "report.json"
    done = aws.convert("-vv", "--report", report, *args, env=env, expect=None)
    assert done.code == (2 if way == "denied" else 0), done
    assert len(done.err) > 500, "events are written"
    written = [done.out, done.err] + ([report.read_text()] if report.exists() else [])
    written += [aws.dest.get(k).decode("latin-1") for k in aws.dest.keys()]
    for secret in secrets:
        assert not any(secret in text for text in written), (secret, [t for t in written if secret in t][0][:2000])


@pytest.mark.parametrize("text, env, said", [
    (f"[profile p]\nrole_arn = {READER}\nsource_profile = nope\n", {"AWS_PROFILE": "p"}, "source_profile of the profile p is nope"),
    (f"[default]\nrole_arn = {READER}\nsource_profile = nope\n", {}, "source_profile of the profile default is nope"),
    ("[profile p]\nsso_start_url = https://x/start\nsso_region = us-east-1\n", {"AWS_PROFILE": "p"}, "sso"),
    ("", {"AWS_ACCESS_KEY_ID": "AKIAHALF"}, "AWS_SECRET_ACCESS_KEY is not"),
    ("", {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere"}, "AWS_ROLE_ARN is not"),
    ("", {"AWS_SESSION_TOKEN": "token-alone"}, "AWS_ACCESS_KEY_ID is not"),
    ("[profile p]\nsso_account_id = 111122223333\nsso_role_name = R\nsso_region = x\n", {"AWS_PROFILE": "p"}, "sso_account_id"),
    (f"[profile p]\nrole_arn = {READER}\nsource_profile = nope\nduration_seconds = 900\n", {"AWS_PROFILE": "p"}, "nope"),
    (f"[profile p]\nrole_arn = {READER}\nsource_profile = q\n[profile q]\nrole_arn = {WRITER}\nsource_profile = r\n"
     f"mfa_serial = x\n[profile r]\ncredential_process = false\n", {"AWS_PROFILE": "p"}, "q wants an MFA code"),
    (f"[default]\nrole_arn = {READER}\nsource_profile = base\nmfa_serial = x\n[profile base]\n", {}, "wants an MFA code"),
])
def test_what_is_set_up_in_part_is_an_error_and_the_instances_role_is_not_taken(aws, text, env, said):
    aws.config(text)
    done = aws.convert(env=env, expect=2)
    assert said in done.err and not aws.to_source.requests, done
    # A profile that says nothing of credentials leads on.
    aws.config("[profile p]\nregion = us-east-1\n")
    aws.convert(env={"AWS_PROFILE": "p"})
    assert aws.signers() == ("ASIAINSTANCE", "ASIAINSTANCE")


def test_help_and_exit_code_do_not_hang_on_names(aws):
    def answer(asked):
        status, text = denied(asked) or (None, None)
        return text and (status, text.replace("user/etl", user))

    aws.identities.answer = answer
    for user in ["assumed-role/AWSReservedSSO_Admin/jane", "user/connection-bot", "user/mfadmin", "user/throttled"]:
        done = aws.convert("--source-role", READER, env={**CLOSED, **KEYS}, expect=2)
        assert "trust policy" in done.err and user in done.err, done
    for code in ["Throttling", "ServiceUnavailable"]:
        text = f"<ErrorResponse><Error><Code>{code}</Code><Message>m</Message></Error></ErrorResponse>"
        aws.identities.answer = lambda asked: (400, text)
        aws.convert("--source-role", READER, env={**CLOSED, **KEYS, "AWS_MAX_ATTEMPTS": "1"}, expect=3)


def test_an_instance_that_fails_shows_no_secret_and_is_a_passing_trouble(aws):
    def answer(asked):
        return (500, json.dumps({"Token": TOKEN})) if "security-credentials" in asked.path else None

    aws.identities.answer = answer
    done = aws.convert(env={"AWS_MAX_ATTEMPTS": "1"}, expect=3)
    assert "nobody gives credentials" in done.err, done


def test_what_others_say_of_secrets_is_masked_whatever_its_form(aws, tmp_path):
    token = "A-TOKEN-THAT-NOBODY-SEES"
    env = {**CLOSED, **KEYS, "AWS_SESSION_TOKEN": token}
    report = tmp_path / "report.json"
    for words in [f"The provided token {token} is malformed", f"[('X-Amz-Security-Token', '{token}')]", f"key {SECRET} of arn:aws:iam::1:user/x"]:
        for on in ("LIST", "GET", "PUT"):
            aws.to_source.hook = aws.to_dest.hook = lambda r: Reply(403, "AccessDenied", words) if r.kind == on else None
            done = aws.convert("-vv", "--report", report, env=env, expect=None)
            shown = done.out + done.err + (report.read_text() if report.exists() else "")
            shown += "".join(aws.dest.get(k).decode("latin-1") for k in aws.dest.keys())
            assert token not in shown and SECRET not in shown, shown
            assert on == "LIST" or "***" in shown


# Where the bucket lies


def elsewhere(body, header=None):
    return lambda host, method, path, headers: (
        None if region(headers) == "eu-west-1" else (301, header or {}, body.encode()))


@pytest.fixture
def hosts(s3, tmp_path):
    if s3.server.kind != "moto":
        pytest.skip("the proxy makes AWS's hosts of moto")
    ca, certificate = authority(tmp_path)
    proxy = Hosts(s3.server.endpoint, certificate)
    proxy.ca = ca
    yield proxy
    proxy.close()


@pytest.fixture
def bucket(s3, tmp_path):
    """A bucket with a day of raw logs, without an endpoint of its own."""
    place = s3.place("raw", s3.new_bucket())
    place.put(key(), BODY)
    return place


def asked(run, hosts, uri, *args, env=None, expect=0):
    hosts.requests.clear()
    env = {**CLOSED, **KEYS, **hosts.env(hosts.ca), **(env or {})}
    return run("plan", uri, "table", "--day", DAY, *args, env=env, expect=expect)


def test_aws_is_asked_at_its_own_hosts(run, hosts, bucket):
    for given, host in [
        ("us-east-1", "s3.us-east-1.amazonaws.com"),
        ("cn-north-1", "s3.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "s3.us-gov-west-1.amazonaws.com"),
        ("eusc-de-east-1", "s3.eusc-de-east-1.amazonaws.eu"),
        ("us-iso-east-1", "s3.us-iso-east-1.c2s.ic.gov"),
    ]:
        done = asked(run, hosts, bucket.uri, env={"AWS_REGION": given})
        assert hosts.hosts() == {f"{bucket.name}.{host}"} and {region(r[3]) for r in hosts.requests} == {given}
        assert "year=2026/month=01/day=15" in done.out, done


def test_fips_and_dual_stack_by_option_variable_and_profile(run, hosts, bucket, tmp_path):
    config = tmp_path / "config"
    config.write_text("[profile p]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\nregion = eu-west-1\n"
                      f"ca_bundle = {hosts.ca}\naws_access_key_id = AKIAP\naws_secret_access_key = {SECRET}\n")
    files = {"AWS_CONFIG_FILE": str(config)}
    for args, env, host in [
        (["--use-fips-endpoint"], {"AWS_REGION": "eu-west-1"}, "s3-fips.eu-west-1"),
        ([], {"AWS_REGION": "eu-west-1", "AWS_USE_DUALSTACK_ENDPOINT": "true"}, "s3.dualstack.eu-west-1"),
        (["--profile", "p"], {**files, "AWS_CA_BUNDLE": ""}, "s3-fips.dualstack.eu-west-1"),
    ]:
        asked(run, hosts, bucket.uri, *args, env=env)
        assert hosts.hosts() == {f"{bucket.name}.{host}.amazonaws.com"}, args


def test_the_buckets_region_is_found(run, hosts, bucket):
    xml = "<Error><Code>{}</Code><Message>m</Message>{}</Error>"
    for hook in [
        elsewhere(xml.format("PermanentRedirect", ""), {"x-amz-bucket-region": "eu-west-1"}),
        elsewhere(xml.format("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>")),
        elsewhere("", {"x-amz-bucket-region": "eu-west-1", "Location": "https://elsewhere.example.org/"}),
    ]:
        hosts.hook = hook
        done = asked(run, hosts, bucket.uri)
        assert "lies in" not in done.err, "nobody had said another one"
        done = asked(run, hosts, bucket.uri, "--s3-region", "us-east-1")
        assert f"the bucket {bucket.name} lies in eu-west-1, not in us-east-1: requests go there" in done.err, done
        assert done.err.count("lies in eu-west-1") == 1
        last = hosts.requests[-1]
        assert last[0] == f"{bucket.name}.s3.eu-west-1.amazonaws.com" and region(last[3]) == "eu-west-1"
    # Of another partition, or of no Region at all, nobody believes it.
    for said in ["cn-north-1", "evil.example.org/", "a b"]:
        hosts.hook = elsewhere(xml.format("PermanentRedirect", ""), {"x-amz-bucket-region": said})
        done = asked(run, hosts, bucket.uri, expect=2)
        assert "another Region (PermanentRedirect)" in done.err and len(hosts.hosts()) == 1, done


def test_requests_that_are_under_way_when_the_region_turns_out_to_be_another_one_are_sent_there_too(run, hosts, bucket, tmp_path):
    for number in range(1, 8):
        bucket.put(key(number), pack(text(V2, make_rows(V2, 2, seed=number))))

    asked_for = []

    def late(host, method, path, headers):
        if "list-type=2" in path or region(headers) == "eu-west-1":
            return None
        # The first one alone looks at a header line.
        asked_for.append(path)
        if len(asked_for) == 1:
            return None
        time.sleep(0.5)
        return 301, {"x-amz-bucket-region": "eu-west-1"}, b""

    hosts.hook = late
    done = run("convert", bucket.uri, tmp_path / "table", "--day", DAY, "--report", "-", env={**CLOSED, **KEYS, **hosts.env(hosts.ca)})
    assert json.loads(done.out)["totals"]["objects"] == 8
    assert len(asked_for) > 2, "several were under way"


def test_credentials_are_not_sent_to_a_host_that_a_redirect_names(run, hosts, bucket):
    hosts.hook = lambda *_: (307, {"Location": "https://elsewhere.example.org/"}, b"")
    done = asked(run, hosts, bucket.uri, expect=2)
    assert "sends requests on to another host" in done.err and hosts.hosts() == {f"{bucket.name}.s3.us-east-1.amazonaws.com"}


def test_access_points(run, hosts, bucket):
    arn = "arn:aws:s3:eu-west-1:123456789012:accesspoint/my-ap"
    hosts.hook = lambda host, method, *_: (404 if method == "HEAD" else 200, {}, b"<ListBucketResult></ListBucketResult>")
    done = asked(run, hosts, f"s3://{arn}/raw", expect=2)
    assert "nothing lies below SOURCE" in done.err and f"s3://{arn}/raw" in done.err, done
    assert hosts.hosts() == {"my-ap-123456789012.s3-accesspoint.eu-west-1.amazonaws.com"}
    asked(run, hosts, "s3://my-ap-abcdef-s3alias/raw", expect=2)
    assert hosts.hosts() == {"my-ap-abcdef-s3alias.s3.us-east-1.amazonaws.com"}
    for uri, said in [("s3://arn:aws:s3::123456789012:accesspoint/m.mrap/raw", "multi-Region access point"),
                      ("s3://logs--use1-az4--x-s3/raw", "directory bucket")]:
        done = asked(run, hosts, uri, expect=2)
        assert said in done.err and not hosts.requests, done


def test_an_access_point_goes_with_no_endpoint(aws):
    arn = "s3://arn:aws:s3:us-east-1:123456789012:accesspoint/my-ap"
    for args, env in [(aws.args, {}), (["--allow-http"], {"AWS_ENDPOINT_URL": aws.to_dest.endpoint})]:
        done = aws.run_it("convert", aws.source.uri, f"{arn}/{aws.source.name}/raw/table", *args, "--day", DAY,
                          env={**aws.env, **CLOSED, **KEYS, **env}, expect=2)
        assert "is an access point" in done.err and not aws.to_dest.requests, done


def test_a_certificate_that_nobody_knows_is_no_passing_trouble(run, hosts, bucket):
    done = asked(run, hosts, bucket.uri, env={"AWS_CA_BUNDLE": ""}, expect=2)
    assert "there is no TLS connection" in done.err and "--ca-bundle" in done.err, done
    asked(run, hosts, bucket.uri, "--ca-bundle", hosts.ca, env={"AWS_CA_BUNDLE": ""})
    done = asked(run, hosts, bucket.uri, "--ca-bundle", __file__, expect=2)
    assert "no file of certificates" in done.err, done


def test_certificates_of_the_system_are_asked_for_https_alone(run, hosts, bucket, aws, tmp_path):
    none = {"SSL_CERT_FILE": str(tmp_path / "none.pem"), "SSL_CERT_DIR": str(tmp_path / "none")}
    done = asked(run, hosts, bucket.uri, env={**none, "AWS_CA_BUNDLE": ""}, expect=2)
    assert "cannot make an S3 client" in done.err and "certificates" in done.err and not hosts.requests, done
    # A bundle is enough, and http wants none.
    asked(run, hosts, bucket.uri, env=none)
    aws.convert(env={**CLOSED, **KEYS, **none})


def test_the_option_goes_before_all_other_endpoints(aws):
    nowhere = "http://127.0.0.1:9"
    aws.config(f"[profile p]\nendpoint_url = {nowhere}\nservices = s\n[services s]\ns3 =\n  endpoint_url = {nowhere}\n"
               , f"[p]\naws_access_key_id = AKIAP\naws_secret_access_key = {SECRET}\n")
    aws.convert("--profile", "p", env={**CLOSED, "AWS_ENDPOINT_URL_S3": nowhere, "AWS_ENDPOINT_URL": nowhere})
    aws.args = ["--allow-http", "--any-endpoint"]
    # Variables before the profile, that of the service before that of all.
    env = {**CLOSED, "AWS_ENDPOINT_URL_S3": aws.to_source.endpoint, "AWS_ENDPOINT_URL": nowhere}
    aws.convert("--profile", "p", env=env)
    assert aws.to_source.requests
    aws.config(f"[profile p]\nendpoint_url = {nowhere}\nservices = s\n[services s]\ns3 =\n  endpoint_url = {aws.to_dest.endpoint}\n"
               , f"[p]\naws_access_key_id = AKIAP\naws_secret_access_key = {SECRET}\n")
    aws.convert("--profile", "p")
    assert aws.to_dest.requests


def test_an_empty_variable_hides_no_endpoint(aws):
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9"}
    aws.args = ["--allow-http", "--any-endpoint"]
    aws.convert(env={**CLOSED, **KEYS, **nowhere, "AWS_ENDPOINT_URL_S3": "", "AWS_ENDPOINT_URL": aws.to_dest.endpoint})
    assert aws.to_dest.requests
    aws.config(f"[profile p]\nendpoint_url = {aws.to_dest.endpoint}\nservices = s\n[services s]\ns3 =\n  endpoint_url =\n",
               f"[p]\naws_access_key_id = AKIAP\naws_secret_access_key = {SECRET}\n")
    aws.convert("--profile", "p", env={**CLOSED, **nowhere, "AWS_ENDPOINT_URL": ""})
    assert aws.to_dest.requests


@pytest.mark.parametrize("way", ["profile", "sso", "option", "web identity", "doctor"])
@pytest.mark.parametrize("endpoint", ["", "localhost:4566", "::::"])
def test_an_endpoint_of_sts_or_sso_that_is_none_is_said_without_what_would_be_sent(aws, tmp_path, way, endpoint):
    home, identity = tmp_path / "home", tmp_path / "identity"
    cache = home / ".aws/sso/cache"
    cache.mkdir(parents=True)
    held = {"accessToken": "SECRET-OF-SSO", "expiresAt": "2099-01-01T00:00:00Z", "region": "us-east-1", "startUrl": "https://c/start"}
    (cache / f"{hashlib.sha1(b'corp').hexdigest()}.json").write_text(json.dumps(held))
    identity.write_text("SECRET-IDENTITY")
    aws.config(f"[profile profile]\nrole_arn = {READER}\nsource_profile = base\nexternal_id = SECRET-EXTERNAL\n"
               "[profile sso]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Reader\n"
               "[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://c/start\n",
               f"[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = {SECRET}\n")
    names = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC"]
    env = {**CLOSED, **KEYS, "HOME": str(home), **dict.fromkeys(names, endpoint)}
    args = ["--profile", way] if way in ("profile", "sso") else []
    if way == "option":
        args = ["--source-role", READER, "--external-id", "SECRET-EXTERNAL"]
    elif way == "web identity":
        env = {**CLOSED, **dict.fromkeys(names, endpoint), "AWS_WEB_IDENTITY_TOKEN_FILE": str(identity), "AWS_ROLE_ARN": READER}
    if way == "doctor":  # only asks who it is
        done = aws.convert(*args, env=env)
        done = aws.run("doctor", aws.source.uri, aws.dest.uri, env=env)
    else:
        done = aws.convert(*args, env=env, expect=2)
        assert "no credentials are given" in done.err, done
        assert "set to nothing" in done.err if not endpoint else endpoint in done.err, done
    assert "SECRET" not in done.err + done.out and "bug in" not in done.err, done


def test_virtual_hosted_wants_a_name(aws):
    for endpoint in ["http://127.0.0.1:9", "http://[::1]:9/base"]:
        aws.args = ["--endpoint-url", endpoint, "--allow-http", "--virtual-hosted"]
        done = aws.convert(env={**CLOSED, **KEYS}, expect=2)
        assert "needs a server with a name" in done.err, done


def test_virtual_hosted_with_an_endpoint_keeps_two_buckets_apart(aws, tmp_path):
    def by_host(request):
        host = {k.lower(): v for k, v in request.headers.items()}["host"]
        hosts.add(host.split(":")[0])
        return None

    hosts = set()
    proxy = Proxy(aws.s3.server.endpoint)
    proxy.hook = by_host
    endpoint = f"http://localhost:{urlsplit(proxy.endpoint).port}"
    path = ["--endpoint-url", endpoint, "--allow-http", "--any-endpoint"]
    aws.args = path
    aws.convert(env={**CLOSED, **KEYS})
    assert hosts == {"localhost"}
    hosts.clear()
    aws.args = [*path, "--virtual-hosted"]
    aws.convert(env={**CLOSED, **KEYS}, expect=None)
    assert hosts and hosts <= {f"{aws.source.name}.localhost", f"{aws.dest.name}.localhost"}
    hosts.clear()
    aws.config("[profile p]\ns3 =\n  addressing_style = virtual\n", f"[p]\naws_access_key_id = AKIAP\naws_secret_access_key = {SECRET}\n")
    aws.args = path
    aws.convert("--profile", "p", env=CLOSED, expect=None)
    assert hosts and all(host.endswith(".localhost") for host in hosts)
    proxy.close()


# How objects are written

MAKES = ("PUT", "CREATE_MULTIPART")


def header(request, name):
    return {k.lower(): v for k, v in request.headers.items()}.get(name)


def test_how_objects_are_written_is_recorded_for_the_table(aws):
    how = ["--sse", "aws:kms", "--sse-kms-key-id", "alias/table", "--bucket-key-enabled", "--acl", "bucket-owner-full-control",
           "--storage-class", "INTELLIGENT_TIERING", "--tagging", "team=net&cost=7"]
    headers = {
        "x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": "alias/table",
        "x-amz-server-side-encryption-bucket-key-enabled": "true", "x-amz-acl": "bucket-owner-full-control",
        "x-amz-storage-class": "INTELLIGENT_TIERING", "x-amz-tagging": "team=net&cost=7",
    }

    def all_made(**less):
        made = [r for r in aws.to_dest.requests if r.kind in MAKES]
        assert made
        for request in made:
            assert {name: header(request, name) for name in headers} == {**headers, **less}, request
        return made

    env = {**CLOSED, **KEYS}
    aws.convert(*how, env=env)
    all_made()
    assert json.loads(aws.dest.get("_flowparquet/table.json"))["write"]["sse"] == "aws:kms"
    # Nightly runs need not repeat them, whatever they do.
    aws.source.put(key(7), pack(text(V2, make_rows(V2, 3, seed=7))))
    aws.convert(env=env)
    all_made()
    aws.to_dest.clear()
    aws.run("compact", aws.dest.uri, "--min-age", "0s", "--all", env=env)
    all_made()
    aws.to_dest.clear()
    aws.run("verify", aws.source.uri, aws.dest.uri, "--day", DAY, env=env)
    all_made()
    # What a run says itself goes before it, and the rest stays.
    aws.source.put(key(8), pack(text(V2, make_rows(V2, 3, seed=8))))
    aws.convert("--sse", "AES256", env=env)
    all_made(**{
        "x-amz-server-side-encryption": "AES256", "x-amz-server-side-encryption-aws-kms-key-id": None,
        "x-amz-server-side-encryption-bucket-key-enabled": None,
    })
    # A key alone is another one for the encryption that was recorded; the same encryption again changes nothing.
    for number, more, key_id in [(9, ["--sse-kms-key-id", "alias/other"], "alias/other"), (10, ["--sse", "aws:kms"], "alias/table")]:
        aws.source.put(key(number), pack(text(V2, make_rows(V2, 3, seed=number))))
        aws.convert(*more, env=env)
        all_made(**{"x-amz-server-side-encryption-aws-kms-key-id": key_id})
    # Reading does not say it.
    assert all(header(r, "x-amz-acl") is None for r in aws.to_source.requests)


def test_every_put_has_a_checksum_of_what_is_sent(aws):
    aws.convert(env={**CLOSED, **KEYS})
    puts = [r for r in aws.to_dest.requests if r.kind in ("PUT", "PUT_PART")]
    assert puts
    for request in puts:
        digest = header(request, "x-amz-content-sha256")
        assert base64.b64decode(header(request, "x-amz-checksum-sha256")).hex() == digest, request
        assert "x-amz-checksum-sha256" in header(request, "authorization")


def test_requester_pays_and_expected_owner(aws):
    aws.convert("--request-payer", "requester", "--source-bucket-owner", "111122223333", env={**CLOSED, **KEYS})
    assert {header(r, "x-amz-request-payer") for r in aws.to_source.requests} == {"requester"}
    assert {header(r, "x-amz-expected-bucket-owner") for r in aws.to_source.requests} == {"111122223333"}
    assert {header(r, "x-amz-expected-bucket-owner") for r in aws.to_dest.requests} == {None}
    done = aws.convert("--dest-bucket-owner", "1234", env={**CLOSED, **KEYS}, expect=2)
    assert "which is no account" in done.err, done


def test_mixed_sides(aws, tmp_path):
    folder = Folder(tmp_path / "folder")
    env = {**CLOSED, **KEYS}
    aws.run("convert", aws.source.uri, folder.uri, "--day", DAY, env=env)
    aws.run("verify", aws.source.uri, folder.uri, "--day", DAY, env=env)
    folder.put("raw/" + key(), BODY)
    aws.run("convert", f"{folder.uri}/raw", aws.dest.uri, "--day", DAY, env=env, expect=None)
    aws.run("status", aws.dest.uri, "--source", aws.source.uri, env=env, expect=None)


# What S3 says


@pytest.mark.parametrize("status, code, exit_code, said", [
    (403, "AccessDenied", 2, "s3:ListBucket"),
    (403, "InvalidAccessKeyId", 2, "no account knows this access key"),
    (403, "SignatureDoesNotMatch", 2, "the secret key is not that of the access key"),
    (400, "InvalidToken", 2, "the session token is not of these keys"),
    (403, "RequestTimeTooSkewed", 2, "the clock is wrong"),
    (404, "NoSuchBucket", 2, "there is no such bucket"),
    (503, "SlowDown", 3, "safe to run again"),
])
def test_s3s_own_words(aws, status, code, exit_code, said):
    aws.to_source.hook = lambda request: Reply(status, code, f"in S3's words: {code}")
    done = aws.convert(env={**CLOSED, **KEYS, "AWS_MAX_ATTEMPTS": "1"}, expect=exit_code)
    assert f"({code})" in done.err and f"S3 says: in S3's words: {code}" in done.err and said in done.err, done


def test_who_is_denied_what_stands_beside_the_object(aws):
    words = "User: arn:aws:sts::1:assumed-role/etl/s is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:x:1:key/k"
    aws.source.put(key(3), BODY)
    aws.to_source.hook = lambda r: Reply(403, "AccessDenied", words) if r.kind == "GET" and "T0000Z" in r.key else None
    done = aws.convert(env={**CLOSED, **KEYS}, expect=1)
    assert "kms:Decrypt on resource: arn:aws:kms:x:1:key/k" in done.err, done


def test_an_upload_that_is_refused_behind_an_answer_of_success(aws):
    # Large enough for several parts.
    from random import Random

    random = Random(7)
    rows = [[str(random.getrandbits(60)) if f in ("bytes", "packets") else value for f, value in zip(V2, row)]
            for row in make_rows(V2, 60, seed=1) for _ in range(12_000)]
    aws.source.put(key(1), pack(text(V2, rows)))
    aws.to_dest.hook = lambda r: Reply(200, "AccessDenied", "no, after all") if r.kind == "COMPLETE_MULTIPART" else None
    done = aws.convert(env={**CLOSED, **KEYS, "AWS_MAX_ATTEMPTS": "1"}, expect=2)
    assert "(AccessDenied)" in done.err and "no, after all" in done.err, done
    aws.to_dest.hook = None
    aws.convert(env={**CLOSED, **KEYS})
    parts = [r for r in aws.to_dest.requests if r.kind == "PUT_PART"]
    assert len(parts) > 1 and all(header(r, "x-amz-checksum-sha256") for r in parts)


def test_a_request_that_was_too_slow_by_s3s_clock_is_sent_again(aws):
    refused = []

    def hook(request):
        if request.kind == "PUT" and request.key.endswith(".parquet") and not refused:
            refused.append(request)
            return Reply(400, "RequestTimeout", "Your socket connection to the server was not read from or written to.")
        return None

    aws.to_dest.hook = hook
    aws.convert(env={**CLOSED, **KEYS})
    assert refused


def test_a_server_that_cannot_do_it_is_not_asked_again(aws):
    aws.to_dest.hook = lambda r: Reply(501, "NotImplemented", "no") if r.kind == "PUT" else None
    begun = time.monotonic()
    done = aws.convert(env={**CLOSED, **KEYS}, expect=2)
    assert "the server cannot do this" in done.err and time.monotonic() - begun < 100, done


def test_queries_sign_as_source_and_tell_refusals_from_damage(aws):
    env = {**CLOSED, **KEYS}
    done = aws.run("query", aws.source.uri, "SELECT count(*) FROM vpc_flow_logs", "--raw", "--day", DAY, "--source-role", READER,
                   env=env, expect=None)
    if "built without SQL" in done.err:
        pytest.skip("no SQL")
    assert done.code == 0 and access_key(aws.to_source.requests[-1].headers) == "ASIALOGREADER", done
    aws.convert(env=env)
    for status, code, exit_code in [(503, "SlowDown", 3), (403, "AccessDenied", 2)]:
        aws.to_dest.hook = lambda r: Reply(status, code, "in its words") if r.key.endswith(".parquet") else None
        done = aws.run("query", aws.dest.uri, "SELECT sum(bytes) FROM vpc_flow_logs", env={**env, "AWS_MAX_ATTEMPTS": "1"},
                       expect=exit_code)
        assert code in done.err and "damaged" not in done.err, done
    aws.to_dest.hook = None
    aws.to_source.hook = lambda r: Reply(403, "AccessDenied", "no") if r.kind == "GET" else None
    done = aws.run("compare", aws.source.uri, aws.dest.uri, "SELECT count(*) FROM vpc_flow_logs", "--day", DAY, env=env, expect=2)
    assert "cannot be read" in done.err and "differ" not in done.out, done


# doctor and iam-policy


def test_doctor_finds_all_good_and_leaves_nothing(aws):
    before = aws.dest.keys()
    done = aws.run("doctor", aws.source.uri, aws.dest.uri, env={**CLOSED, **KEYS})
    assert "everything that a run needs is there" in done.out, done
    for what in ["identity", "list", "get", "put", "create if absent", "read back", "multipart", "delete", "clock",
                 "lifecycle", "versioning", "Object Lock"]:
        assert what in done.out, done
    assert "AKIAENVIRONMENT, credentials by environment" in done.out and "✗" not in done.out, done
    assert aws.dest.keys() == before
    found = json.loads(aws.run("doctor", aws.source.uri, aws.dest.uri, "--json", env={**CLOSED, **KEYS}).out)
    assert found["ready"] and {f["side"] for f in found["findings"]} == {"source", "dest"}
    uploads = aws.s3.client.list_multipart_uploads(Bucket=aws.dest.name).get("Uploads", [])
    assert not uploads


@pytest.mark.parametrize("kind, what", [
    ("LIST", "list"), ("PUT", "put"), ("CREATE_MULTIPART", "multipart"), ("DELETE", "delete"),
])
def test_doctor_names_what_is_denied(aws, kind, what):
    def hook(request):
        # Taking an upload back is a DELETE too.
        own = "uploadId" not in request.query
        return Reply(403, "AccessDenied", "no") if request.kind == kind and own else None

    aws.to_dest.hook = hook
    done = aws.run("doctor", aws.source.uri, aws.dest.uri, env={**CLOSED, **KEYS}, expect=2)
    bad = [line for line in done.out.splitlines() if line.startswith("✗")]
    assert bad and bad[0].split()[:2] == ["✗", "dest"] and what in bad[0] and "AccessDenied" in bad[0], done
    assert "a run would fail" in done.out and "allow the credentials s3:" in done.out, done


def test_doctor_writes_as_the_table_does_and_knows_places_in_each_other(aws):
    env = {**CLOSED, **KEYS}
    aws.convert("--sse", "AES256", env=env)
    refuse = lambda r: Reply(403, "AccessDenied", "unencrypted") if r.kind == "PUT" and not header(r, "x-amz-server-side-encryption") else None  # noqa: E731
    aws.to_dest.hook = refuse
    aws.run("doctor", aws.source.uri, aws.dest.uri, env=env)
    done = aws.run("doctor", aws.source.uri, f"{aws.source.uri}/AWSLogs", env=env, expect=2)
    assert "lies inside SOURCE" in done.out, done


@pytest.mark.parametrize("during", ["PUT", "GET", "CREATE_MULTIPART", "PUT_PART"])
def test_doctor_that_is_stopped_leaves_nothing(aws, start, during):
    import signal

    aws.to_dest.hook = lambda r: time.sleep(1) if r.kind == during and "doctor-" in r.key else None
    process = start("doctor", aws.source.uri, aws.dest.uri, *aws.args, env={**aws.env, **CLOSED, **KEYS})
    while not any(r.kind == during and "doctor-" in r.key for r in aws.to_dest.requests):
        time.sleep(0.02)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 3 and "stopped by a signal" in err, err
    assert not aws.dest.keys() and not aws.s3.client.list_multipart_uploads(Bucket=aws.dest.name).get("Uploads")


def test_doctor_looks_whether_what_it_deleted_is_gone(aws):
    aws.to_dest.hook = lambda r: Reply(204, "x", "y") if r.kind == "DELETE" and "uploadId" not in r.query else None
    done = aws.run("doctor", aws.source.uri, aws.dest.uri, env={**CLOSED, **KEYS}, expect=2)
    assert "is still there" in done.out, done


@pytest.mark.parametrize("rule, said", [
    ("<Status>Disabled</Status><Filter><Prefix></Prefix></Filter>{abort}", "no rule deletes parts"),
    ("<Status>Enabled</Status><Filter><Prefix>other/</Prefix></Filter>{abort}", "no rule deletes parts"),
    ("<Status>Enabled</Status><Filter><Prefix></Prefix></Filter>{abort}", "✓ dest    lifecycle"),
    ("<Status>Enabled</Status><Prefix/><Expiration><Days>30</Days></Expiration>{abort}", "✗ dest    lifecycle"),
    ("<Status>Enabled</Status><Prefix>out/_flowparquet</Prefix><Expiration><Days>30</Days></Expiration>", "✗ dest    lifecycle"),
])
def test_doctor_reads_the_rules_that_are_on(run, hosts, s3, rule, said):
    place = s3.place("out", s3.new_bucket())
    text = rule.format(abort="<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>")
    body = f"<LifecycleConfiguration><Rule><ID>x</ID>{text}</Rule></LifecycleConfiguration>".encode()
    hosts.hook = lambda host, method, path, headers: (200, {}, body) if path.endswith("?lifecycle") else None
    env = {**CLOSED, **KEYS, **hosts.env(hosts.ca), "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9"}
    done = run("doctor", place.uri, env=env, expect=None)
    assert said in done.out, done


def test_doctor_of_a_server_of_ones_own_asks_no_sts(aws):
    del aws.env["AWS_ENDPOINT_URL_STS"]
    done = aws.run("doctor", aws.source.uri, aws.dest.uri, env={**CLOSED, **KEYS})
    assert "whoever this server knows by its keys, credentials by environment" in done.out, done
    assert not aws.identities.asked


def test_doctor_without_credentials(aws):
    done = aws.run("doctor", aws.source.uri, aws.dest.uri, expect=2)
    assert done.out.count("✗ ") == 2 and "there are no credentials" in done.out, done


def test_doctor_knows_a_clock_that_is_wrong(run, hosts, bucket):
    hosts.hook = lambda *_: (200, {"Date": "Thu, 15 Jan 2015 00:00:00 GMT"}, b"<ListBucketResult></ListBucketResult>")
    done = run("doctor", bucket.uri, env={**CLOSED, **KEYS, **hosts.env(hosts.ca), "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9"},
               expect=2)
    assert "✗ dest    clock" in done.out and "NTP" in done.out, done


class Policy:
    """A proxy's hook that allows what a policy allows, as S3 does it: implicit deny, wildcards, s3:prefix."""

    ACTIONS = {
        "LIST": "s3:ListBucket", "GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "PUT_PART": "s3:PutObject",
        "CREATE_MULTIPART": "s3:PutObject", "COMPLETE_MULTIPART": "s3:PutObject", "DELETE": "s3:DeleteObject",
    }
    SETTINGS = {"lifecycle": "s3:GetLifecycleConfiguration", "versioning": "s3:GetBucketVersioning",
                "object-lock": "s3:GetBucketObjectLockConfiguration"}

    def __init__(self, statements, client):
        self.statements, self.client, self.denied = statements, client, []

    def is_there(self, request):
        try:
            self.client.head_object(Bucket=request.bucket, Key=request.key)
        except self.client.exceptions.ClientError:
            return False
        return True

    def __call__(self, request):
        setting = next((action for name, action in self.SETTINGS.items() if name in request.query), None)
        action = setting or self.ACTIONS[request.kind]
        if request.kind == "DELETE" and "uploadId" in request.query:
            action = "s3:AbortMultipartUpload"
        is_bucket = setting or action == "s3:ListBucket"
        resource = f"arn:aws:s3:::{request.bucket}" + ("" if is_bucket else f"/{request.key}")
        prefix = request.query.get("prefix", "").rstrip("/")
        if any(self.allows(s, action, resource, prefix) for s in self.statements):
            # Who may not list the bucket is not told that an object is not there.
            bucket = f"arn:aws:s3:::{request.bucket}"
            may_list = any(self.allows(s, "s3:ListBucket", bucket, None) for s in self.statements)
            if request.kind not in ("GET", "HEAD") or setting or may_list or self.is_there(request):
                return None
        self.denied.append((action, resource, prefix))
        return Reply(403, "AccessDenied", f"not authorized to perform: {action} on resource: {resource}")

    @staticmethod
    def allows(statement, action, resource, prefix):
        from fnmatch import fnmatchcase

        def some(values, text):
            return any(fnmatchcase(text, value) for value in ([values] if isinstance(values, str) else values))

        conditions = statement.get("Condition", {})
        prefixes = {**conditions.get("StringLike", {}), **conditions.get("StringLikeIfExists", {})}.get("s3:prefix")
        if prefixes is None or action != "s3:ListBucket":
            fits = True
        else:
            fits = "StringLikeIfExists" in conditions if prefix is None else some(prefixes, prefix)
        return fits and some(statement["Action"], action) and some(statement["Resource"], resource)


def commands(aws):
    """Every command that asks S3, by what its policy is for."""
    source, dest = aws.source.uri, aws.dest.uri
    return {
        "convert": [["plan", source, dest, "--day", DAY], ["convert", source, dest, "--day", DAY, "--auto-compact", "2"]],
        "compact": [["compact", dest, "--min-age", "0s", "--all"]],
        "verify": [["verify", source, dest, "--day", DAY]],
        "ddl": [["ddl", dest], ["ledger", dest], ["rejects", dest], ["ddl", "--raw", source]],
        "status": [["status", dest], ["status", dest, "--source", source]],
        "doctor": [["doctor", source, dest]],
    }


def test_the_policy_that_is_printed_is_enough_and_every_statement_is_needed(aws):
    env = {**CLOSED, **KEYS}
    names = list(commands(aws))

    def printed(*names):
        done = aws.run_it("iam-policy", aws.source.uri, aws.dest.uri, "--for", ",".join(names), env={})
        return json.loads(done.out)["identity"]["Statement"]

    statements = printed(*names)
    objects = iter(range(1, 100))

    def run_all(hook):
        aws.to_source.hook = aws.to_dest.hook = hook
        ends = {}
        for name, lines in commands(aws).items():
            number = next(objects)
            aws.source.put(key(number), pack(text(V2, make_rows(V2, 2, seed=number))))
            for line in lines:
                done = aws.run(*line, env=env, expect=None)
                ends[tuple(line[:1])] = done
        return ends

    hook = Policy(statements, aws.s3.client)
    ends = run_all(hook)
    assert not hook.denied, hook.denied
    failed = [done for done in ends.values() if done.code not in (0, 1)]
    assert not failed, "\n".join(map(str, failed))
    # And for each command by itself, what is printed for it.
    for name, lines in commands(aws).items():
        hook = Policy(printed(name), aws.s3.client)
        aws.to_source.hook = aws.to_dest.hook = hook
        for line in lines:
            aws.run(*line, env=env, expect=None)
        assert not hook.denied, (name, hook.denied)
    for left_out in statements:
        actions = left_out["Action"] if isinstance(left_out["Action"], list) else [left_out["Action"]]
        for action in actions:
            less = [{**s, "Action": [a for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
                                     if s is not left_out or a != action]} for s in statements]
            hook = Policy(less, aws.s3.client)
            run_all(hook)
            assert any(denied[0] == action for denied in hook.denied), f"nothing needs {action} of {left_out['Sid']}"
