"""What the endpoint refuses: everybody without its key, and every web page."""

import http.client
import json
import socket
import threading

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest

TARGET = "AmazonEC2ContainerServiceV20141113.ListClusters"
JSON_TYPE = "application/x-amz-json-1.1"


@pytest.fixture(scope="module")
def endpoint(shared_endpoint):
    return shared_endpoint


def signed_headers(endpoint, body=b"{}", service="ecs", secret=None, **headers):
    variables = endpoint.variables
    request = botocore.awsrequest.AWSRequest(
        "POST",
        endpoint.url + "/",
        data=body,
        headers={"X-Amz-Target": TARGET, "Content-Type": JSON_TYPE, "Host": f"127.0.0.1:{endpoint.port}", **headers},
    )
    credentials = botocore.credentials.Credentials(variables["AWS_ACCESS_KEY_ID"], secret or endpoint.secret)
    botocore.auth.SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    return dict(request.headers)


def post(endpoint, headers, body=b"{}", path="/", method="POST"):
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=10)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    return response.status, answer


def error_type(answer):
    return json.loads(answer)["__type"]


def test_a_signed_call_is_answered(endpoint):
    status, answer = post(endpoint, signed_headers(endpoint))
    assert status == 200
    assert json.loads(answer)["clusterArns"] == ["arn:aws:ecs:us-east-1:123456789012:cluster/default"]


def test_an_unsigned_call_is_refused(endpoint):
    headers = {"Host": f"127.0.0.1:{endpoint.port}", "X-Amz-Target": TARGET, "Content-Type": JSON_TYPE}
    status, answer = post(endpoint, headers)
    assert (status, error_type(answer)) == (403, "MissingAuthenticationTokenException")


def test_a_call_signed_with_another_secret_is_refused(endpoint):
    status, answer = post(endpoint, signed_headers(endpoint, secret="guess"))
    assert (status, error_type(answer)) == (403, "InvalidSignatureException")


def test_a_changed_body_is_refused(endpoint):
    status, answer = post(endpoint, signed_headers(endpoint), body=b'{"maxResults":1}')
    assert (status, error_type(answer)) == (403, "InvalidSignatureException")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "localhost.evil.example:{port}"])
def test_a_foreign_host_is_refused_even_when_signed(endpoint, host):
    status, answer = post(endpoint, signed_headers(endpoint, Host=host.format(port=endpoint.port)))
    assert (status, error_type(answer)) == (403, "AccessDeniedException")


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1:{port}"])
def test_the_endpoints_own_names_are_accepted(endpoint, host):
    assert post(endpoint, signed_headers(endpoint, Host=host.format(port=endpoint.port)))[0] == 200


@pytest.mark.parametrize("origin", ["http://127.0.0.1", "null", "https://evil.example"])
def test_web_pages_are_refused(endpoint, origin):
    status, answer = post(endpoint, {**signed_headers(endpoint), "Origin": origin})
    assert (status, error_type(answer)) == (403, "AccessDeniedException")


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "multipart/form-data; boundary=x"])
def test_wrong_content_types_are_refused(endpoint, content_type):
    headers = signed_headers(endpoint, **{"Content-Type": content_type})
    assert post(endpoint, headers)[0] == 415


@pytest.mark.parametrize("action", [("GET", "health"), ("POST", "reset"), ("POST", "faults"), ("POST", "shutdown")])
def test_controls_want_the_signature_of_the_key(endpoint, action):
    status, answer = endpoint.control(*action, secret="guess")
    assert (status, answer["__type"]) == (403, "InvalidSignatureException")
    status, answer = endpoint.control(*action, service="ecs")
    assert (status, answer["__type"]) == (403, "InvalidSignatureException")
    own = {"Host": f"127.0.0.1:{endpoint.port}"}
    for headers in ({}, {"Authorization": f"Bearer {endpoint.secret}"}):
        assert post(endpoint, own | headers, path=f"/_ferry/{action[1]}", method=action[0])[0] in (400, 403)
    assert endpoint.control("GET", "health")[0] == 200


def test_temporary_keys_do_not_reach_the_controls(endpoint):
    keys = endpoint.client("sts").get_session_token()["Credentials"]
    credentials = botocore.credentials.Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    request = botocore.awsrequest.AWSRequest("GET", f"{endpoint.url}/_ferry/health")
    botocore.auth.SigV4Auth(credentials, "ferry-local", "us-east-1").add_auth(request)
    headers = {"Host": f"127.0.0.1:{endpoint.port}", **dict(request.headers)}
    status, answer = post(endpoint, headers, body=b"", path="/_ferry/health", method="GET")
    assert (status, error_type(answer)) == (403, "AccessDeniedException")


def test_ferrys_own_commands_send_no_secret(start_endpoint, ferry, tmp_path):
    """What one reads on the loopback between `ferry local status` and its endpoint is of no use to him."""
    home = tmp_path / "home"
    home.mkdir()
    endpoint = start_endpoint(home=home)
    record = home / "runtime" / "ferry" / "local" / str(endpoint.port) / "endpoint.json"
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        content = json.loads(record.read_text())
        content["url"] = f"http://127.0.0.1:{listener.getsockname()[1]}"
        record.write_text(json.dumps(content))

        def answer():
            connection, _ = listener.accept()
            with connection:
                heard.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

        thread = threading.Thread(target=answer)
        thread.start()
        done = endpoint.run("local", "status", "--port", str(endpoint.port))
        thread.join()
    assert done.returncode == 0, done.stderr
    assert b"GET /_ferry/health" in heard[0] and b"AWS4-HMAC-SHA256" in heard[0]
    assert endpoint.secret.encode() not in heard[0]
    endpoint.stop()


def test_health_answers_the_owner(endpoint):
    status, answer = endpoint.control("GET", "health")
    assert status == 200
    assert answer["status"] == "ok"
    assert answer["process_id"] == endpoint.process.pid


def upgrade(endpoint, **headers):
    """The first line that answers a websocket upgrade of a session that does not exist."""
    lines = {
        "Host": f"127.0.0.1:{endpoint.port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        **headers,
    }
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=10) as connection:
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        connection.sendall(f"GET /v1/data-channel/nobody-0?role=publish_subscribe HTTP/1.1\r\n{head}\r\n".encode())
        return connection.makefile("rb").readline().decode()


def test_streams_are_guarded_like_calls(endpoint):
    assert " 404 " in upgrade(endpoint)
    assert " 403 " in upgrade(endpoint, Origin="http://127.0.0.1")
    assert " 403 " in upgrade(endpoint, Host="evil.example")


@pytest.mark.parametrize("service, operation", [("ecs", "DescribeCapacityProviders"), ("logs", "DescribeMetricFilters"),
                                                ("ssm", "DescribeInstanceInformation")])
def test_operations_that_it_lacks_are_named(endpoint, service, operation):
    client = endpoint.client(service)
    method = {v: k for k, v in client.meta.method_to_api_mapping.items()}[operation]
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        getattr(client, method)()
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"
    assert operation in caught.value.response["Error"]["Message"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_sts_lacks_operations_in_its_own_form(endpoint):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        endpoint.client("sts").get_access_key_info(AccessKeyId="AKIAIOSFODNN7EXAMPLE")
    assert caught.value.response["Error"]["Code"] == "InvalidAction"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b'{"maxResults":"1"}', b'{"nextToken":[]}', b"[" * 10000])
def test_bodies_that_do_not_fit_are_refused(endpoint, body):
    status, answer = post(endpoint, signed_headers(endpoint, body=body), body=body)
    assert (status, error_type(answer)) == (400, "SerializationException")


@pytest.mark.parametrize("target", ["", "ListClusters", "Nope.ListClusters", "AmazonEC2ContainerServiceV20141113"])
def test_unknown_targets_are_refused(endpoint, target):
    status, answer = post(endpoint, signed_headers(endpoint, **{"X-Amz-Target": target}))
    assert (status, error_type(answer)) == (400, "UnknownOperationException")


def test_a_stranger_gets_the_error_of_sts_in_xml(endpoint):
    client = endpoint.client("sts")
    assert client.get_caller_identity()["Account"] == "123456789012"
    client._request_signer._credentials = botocore.credentials.Credentials("AKIAIOSFODNN7EXAMPLE", "guess")
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        client.get_caller_identity()
    assert caught.value.response["Error"]["Code"] == "InvalidClientTokenId"


def test_it_listens_on_loopback_only(endpoint):
    listening = [
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in open(table)
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{endpoint.port:04X}")
    ]
    loopback = [f"0100007F:{endpoint.port:04X}"]
    if len(listening) > 1:  # where there is IPv6
        loopback.append(f"00000000000000000000000001000000:{endpoint.port:04X}")
    assert listening == loopback
