"""The uncached way on Flask: Authlib's resource protector, one introspection with requests for every call."""
import os
import sys
import time

import requests
from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.oauth2.rfc7662 import IntrospectTokenValidator
from flask import Flask, jsonify
from requests.auth import HTTPBasicAuth
from werkzeug.serving import make_server


class Introspecting(IntrospectTokenValidator):
    def introspect_token(self, token_string):
        answer = requests.post(
            os.environ["INTROSPECTION_ENDPOINT"],
            data={"token": token_string, "token_type_hint": "access_token", "scope": "openid"},
            auth=HTTPBasicAuth("bench-api", os.environ["CLIENT_SECRET"]),
        )
        answer.raise_for_status()
        return answer.json()

    def validate_token(self, token, scopes, request):
        if not token["active"] or token["exp"] < int(time.time()):
            raise PermissionError("the token is not active")


protect = ResourceProtector()
protect.register_token_validator(Introspecting())
app = Flask(__name__)


@app.route("/api/private")
@protect(None)
def private():
    return jsonify(message="Private route")


server = make_server("127.0.0.1", 0, app, threaded=True)
server.RequestHandlerClass.log = lambda *_: None
print(server.server_port, flush=True)
sys.stdout.flush()
server.serve_forever()
