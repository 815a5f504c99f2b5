"""The ways of a table definition into Glue's catalog without Athena: a TableInput by the AWS CLI, a CloudFormation
template, a Terraform file. Each is read by tools of others and gives back (database, TableInput)."""

import json
import os
import re
import subprocess
import sys

import hcl2
from cfnlint.api import lint_all

# What the catalog adds to a table.
ADDED = {"DatabaseName", "CatalogId", "CreateTime", "UpdateTime", "CreatedBy", "IsRegisteredWithLakeFormation", "VersionId",
         "Retention", "IsMultiDialectView"}


class Refused(Exception):
    """A tool does not take a definition; the text is what the tool says."""


def tool(*command, env=None, cwd=None):
    """Runs a tool to its end and gives what it prints; Refused with all that it said if it ends in an error."""
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **(env or {})}
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, env=env, cwd=cwd, timeout=120)
    if done.returncode:
        raise Refused(done.stdout + done.stderr)
    return done.stdout


def aws(server, *args):
    """Runs the AWS CLI against a server of scripts/s3_servers.py: what it prints as JSON, if anything."""
    env = {"AWS_ACCESS_KEY_ID": server.access_key, "AWS_SECRET_ACCESS_KEY": server.secret_key,
           "AWS_DEFAULT_REGION": server.region, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
           "AWS_MAX_ATTEMPTS": "1"}
    said = tool(sys.executable, "-m", "awscli", "--endpoint-url", server.endpoint, "--output", "json", *args, env=env)
    return json.loads(said) if said.strip() else None


def glue_roundtrip(server, database, file):
    """Creates the table of a file with a TableInput, as people do it, and gives back what the catalog then has."""
    aws(server, "glue", "create-table", "--database-name", database, "--table-input", f"file://{file}")
    name = json.loads(file.read_text())["Name"]
    table = aws(server, "glue", "get-table", "--database-name", database, "--name", name)["Table"]
    return table["DatabaseName"], {key: value for key, value in table.items() if key not in ADDED}


def from_cloudformation(text):
    """Of a JSON template with one AWS::Glue::Table that cfn-lint finds neither errors nor warnings in."""
    complaints = [c for c in lint_all(text) if c.rule.id[0] in "EW"]
    if complaints:
        raise Refused("\n".join(f"{c.rule.id} at {c.path}: {c.message}" for c in complaints))
    resources = json.loads(text)["Resources"].values()
    tables = [r["Properties"] for r in resources if r["Type"] == "AWS::Glue::Table"]
    assert len(tables) == 1, f"{len(tables)} tables in the template"
    assert tables[0]["CatalogId"] == {"Ref": "AWS::AccountId"}, tables[0]["CatalogId"]
    return tables[0]["DatabaseName"], tables[0]["TableInput"]


def from_terraform(text):
    """Of a file with one aws_glue_catalog_table."""
    options = hcl2.SerializationOptions(with_comments=False, explicit_blocks=False)
    try:
        parsed = hcl2.loads(text, serialization_options=options)
    except Exception as error:  # of lark's: one class for each way of being wrong
        raise Refused(str(error)) from None
    tables = [block for resource in parsed["resource"] for kind, named in resource.items()
              if plain(kind) == "aws_glue_catalog_table" for block in named.values()]
    assert len(tables) == 1, f"{len(tables)} tables in the file"
    table = glue_names(tables[0])
    return table.pop("DatabaseName"), table


# Blocks that are lists in Glue, those that are one structure, and maps, whose names are data.
LISTS, STRUCTURES, MAPS = {"partition_keys", "columns"}, {"storage_descriptor", "ser_de_info"}, {"parameters"}
GLUE_NAMES = {"ser_de_info": "SerdeInfo"}


def glue_names(block):
    """A block of aws_glue_catalog_table with the names that Glue has for its arguments."""
    found = {}
    for argument, value in block.items():
        name = GLUE_NAMES.get(argument) or "".join(word.capitalize() for word in argument.split("_"))
        if argument in LISTS:
            found[name] = [glue_names(one) for one in value]
        elif argument in STRUCTURES:
            assert len(value) == 1, f"{len(value)} blocks of {argument}"
            found[name] = glue_names(value[0])
        elif argument in MAPS:
            found[name] = {plain(key): plain(one) for key, one in value.items()}
        else:
            found[name] = plain(value)
    return found


def plain(value):
    """A Terraform value without quotes and escapes. `${` and `%{` would be evaluated: text has them doubled, `$${`."""
    if not isinstance(value, str):
        return value
    if not value.startswith('"'):
        return value
    if re.search(r"(?<![$])[$](?=\{)|(?<!%)%(?=\{)", value):
        raise Refused(f"Terraform would evaluate {value}")
    return json.loads(value.replace("$${", "${").replace("%%{", "%{"))


def terraform_takes(text, folder, plugins=None):
    """Passes if Terraform itself takes the file and would format it as it is; with a folder of plugins, also if AWS's
    provider knows every argument."""
    file = folder / "main.tf"
    file.write_text(text)
    tool("terraform", "fmt", "-check", "-diff", "-no-color", file)
    if plugins:
        tool("terraform", "init", "-no-color", "-input=false", f"-plugin-dir={plugins}", cwd=folder)
        tool("terraform", "validate", "-no-color", cwd=folder)
