"""Google's client library for Python against a running server: `npm run test:all -- --project google-clients` starts both.

MDPS_ENDPOINT is the URL of the server, MDPS_KEY_FILE a key file that may push and read for operator 65001.
"""

import datetime
import glob
import json
import os
import unittest
import urllib.parse
import urllib.request

import googleapiclient
from google.oauth2 import service_account
from googleapiclient import discovery, errors

URL = os.environ["MDPS_ENDPOINT"]
KEY_FILE = os.environ["MDPS_KEY_FILE"]
PARENT = "operators/65001"
KEYS = ["a/b+c==", "100%", "%2F", "a%252Fb+c", "ключ?#&=", ":create", "..", "~user"]

with urllib.request.urlopen(f"{URL}/$discovery/rest?version=v1") as answer:
    # Text, because the library changes a parsed document.
    DOCUMENT = answer.read().decode()


def credentials():
    # Without scopes: the library requests those of the document.
    return service_account.Credentials.from_service_account_file(KEY_FILE)


def open_api():
    return discovery.build_from_document(DOCUMENT, credentials=credentials()).operators()


def time(**later):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**later)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def status(**fields):
    return {
        "languageCode": "en-US",
        "updateTime": time(),
        "expireTime": time(days=1),
        "plans": [
            {
                "planId": "acme-199",
                "planCategory": "POSTPAID",
                "planModules": [
                    {
                        "moduleName": "Data",
                        "description": "2 GB",
                        "coarseBalanceLevel": "LOW_QUOTA",
                        "byteBalance": {"quotaBytes": "9223372036854775807", "remainingBytes": "1"},
                    }
                ],
            }
        ],
        **fields,
    }


def named(collection, key):
    return f"{PARENT}/{collection}/" + key.replace("%", "%25").replace("/", "%2F")


def in_path(name):
    # The library escapes neither characters that URLs allow nor text that looks escaped: callers must escape names.
    return urllib.parse.quote(name, safe="/")


class Calls(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.api = open_api()

    def test_create_user_plan_status(self):
        resource = self.api.clients().users().planStatus()
        for key in KEYS:
            if key == "..":
                continue  # the library resolves dots in URLs
            with self.subTest(key=key):
                where = {"parent": PARENT, "clientId": "youtube", "userKey": key}
                body = status(title=key)
                made = resource.create(**where, body=body).execute()
                self.assertEqual(made["name"], named("planStatuses", key))
                self.assertEqual(made["notifications"], ["NOTIFICATION_LOW_BALANCE_WARNING"])
                self.assertEqual(body, {field: made[field] for field in body})
                self.assertEqual(resource.get(**where).execute(), made)

    def test_create_plan_status(self):
        resource = self.api.planStatuses()
        for key in KEYS:
            with self.subTest(key=key):
                body = status(title=key)
                made = resource.create(parent=PARENT, userKey=key, body=body).execute()
                self.assertEqual(made["name"], named("planStatuses", key))
                self.assertEqual(body, {field: made[field] for field in body})
                if key != "..":
                    self.assertEqual(resource.get(name=in_path(made["name"])).execute(), made)

    def test_create_plan_group(self):
        resource = self.api.planGroups()
        for key in KEYS:
            with self.subTest(key=key):
                body = {"planGroupId": key, "planGroup": {"lastUpdatedTime": time(minutes=-1)}}
                made = resource.create(parent=PARENT, body=body).execute()
                self.assertEqual(made, {"name": named("planGroups", key), **body["planGroup"]})
                if key != "..":
                    self.assertEqual(resource.get(name=in_path(made["name"])).execute(), made)

    def test_standard_parameters(self):
        made = (
            self.api.planStatuses()
            .create(
                parent=PARENT,
                userKey="parameters",
                body=status(),
                fields="name,expireTime",
                key="AIza",
                prettyPrint=True,
                quotaUser="someone",
                x__xgafv="2",
            )
            .execute()
        )
        self.assertEqual(sorted(made), ["expireTime", "name"])

    def test_discovery_url(self):
        url = URL + "/$discovery/rest?version={apiVersion}"
        options = {"discoveryServiceUrl": url, "static_discovery": False, "credentials": credentials()}
        api = discovery.build("mobiledataplansharing", "v1", **options)
        made = api.operators().planGroups().create(parent=PARENT, body={"planGroupId": "found"}).execute()
        self.assertEqual(made["name"], named("planGroups", "found"))
        with self.assertRaises(errors.UnknownApiNameOrVersion):
            discovery.build("mobiledataplansharing", "v2", **options)


class Errors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.api = open_api()

    def error_of(self, request):
        with self.assertRaises(errors.HttpError) as raised:
            request.execute()
        error = raised.exception
        reasons = [detail["reason"] for detail in error.error_details if "reason" in detail]
        violations = [
            violation["field"]
            for detail in error.error_details
            for violation in detail.get("fieldViolations", [])
        ]
        return error.status_code, reasons, sorted(violations)

    def test_violations(self):
        body = status(languageCode="?", plans=[{"planId": ""}])
        request = self.api.planStatuses().create(parent=PARENT, userKey="k", body=body)
        expected = (400, ["FIELD_INVALID"], ["languageCode", "plans[0].planId"])
        self.assertEqual(self.error_of(request), expected)

    def test_foreign_operator(self):
        request = self.api.planGroups().create(parent="operators/65002", body={"planGroupId": "k"})
        self.assertEqual(self.error_of(request), (403, ["OPERATOR_NOT_LINKED"], []))

    def test_stale(self):
        resource = self.api.planStatuses()
        resource.create(parent=PARENT, userKey="stale", body=status()).execute()
        older = resource.create(parent=PARENT, userKey="stale", body=status(updateTime=time(hours=-1)))
        self.assertEqual(self.error_of(older), (409, ["PLAN_STATUS_STALE"], []))

    def test_no_credentials(self):
        api = discovery.build_from_document(DOCUMENT, developerKey="AIza").operators()
        request = api.planGroups().create(parent=PARENT, body={"planGroupId": "k"})
        self.assertEqual(self.error_of(request), (401, ["CREDENTIALS_MISSING"], []))

    def test_errors_of_the_library(self):
        for wrong, arguments in [
            ("Missing required parameter", {"parent": PARENT}),
            ("does not match the pattern", {"parent": "65001", "userKey": "k"}),
            ("unexpected keyword argument", {"parent": PARENT, "userKey": "k", "callback": "c"}),
        ]:
            with self.subTest(wrong=wrong), self.assertRaisesRegex(TypeError, wrong):
                self.api.planStatuses().create(body=status(), **arguments)

    def test_long_urls(self):
        resource = self.api.clients().users().planStatus()
        where = {"parent": PARENT, "clientId": "youtube", "userKey": "ü" * 512}
        resource.create(**where, body=status()).execute()
        # The library sends a POST instead.
        expected = (415, ["CONTENT_TYPE_UNSUPPORTED"], [])
        self.assertEqual(self.error_of(resource.get(**where)), expected)

    def test_batches_are_not_supported(self):
        batch = discovery.build_from_document(DOCUMENT, credentials=credentials()).new_batch_http_request()
        batch.add(self.api.planGroups().create(parent=PARENT, body={"planGroupId": "k"}))
        with self.assertRaises(errors.HttpError) as raised:
            batch.execute()
        self.assertEqual((raised.exception.uri, raised.exception.status_code), (f"{URL}/batch", 404))


class Document(unittest.TestCase):
    """The document uses only members of Google's documents, hundreds of which are part of the library."""

    def test_members(self):
        folder = os.path.join(os.path.dirname(googleapiclient.__file__), "discovery_cache", "documents")
        known = set()
        for file in glob.glob(os.path.join(folder, "*.json")):
            if not file.endswith("/index.json"):
                with open(file, encoding="utf-8") as text:
                    known |= members(json.load(text))
        self.assertGreater(len(known), 100)
        self.assertEqual(sorted(members(json.loads(DOCUMENT)) - known), [])


def members(document):
    """Returns the members of a document with their kind of object and JSON type, and types with their format."""
    found = set()

    def walk(kind, value):
        for name, member in value.items():
            found.add((kind, name, type(member).__name__))
        if "format" in value:
            found.add((kind, value.get("type"), value["format"]))
        if isinstance(value.get("items"), dict):
            walk("schema", value["items"])
        if isinstance(value.get("additionalProperties"), dict):
            walk("schema", value["additionalProperties"])
        for below, inner in [
            ("schemas", "schema"),
            ("properties", "schema"),
            ("parameters", "parameter"),
            ("methods", "method"),
            ("resources", "resource"),
        ]:
            for each in value.get(below, {}).values():
                walk(inner, each)
        for one in ["request", "response"]:
            if one in value:
                walk(one, value[one])

    walk("document", document)
    for scope in document.get("auth", {}).get("oauth2", {}).get("scopes", {}).values():
        found.update(("scope", name, type(member).__name__) for name, member in scope.items())
    return found


if __name__ == "__main__":
    # The library leaves sockets open, which Python would warn about.
    unittest.main(verbosity=2, warnings="ignore")
