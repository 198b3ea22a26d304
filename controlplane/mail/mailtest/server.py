"""A real SMTP server for tests. It says on standard output where it listens, then every letter it takes, one JSON a line.

It refuses mailboxes whose name begins with "refused".
"""

import argparse
import asyncio
import json
import ssl

from aiosmtpd.smtp import SMTP, AuthResult


class Box:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.1.1 there is no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        letter = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "data": envelope.content.decode(),
            "tls": session.ssl is not None or args.security == "tls",
            "user": session.auth_data.login.decode() if session.auth_data else "",
        }
        print(json.dumps(letter), flush=True)
        return "250 2.0.0 kept"


def admit(server, session, envelope, mechanism, data):
    right = (data.login.decode(), data.password.decode()) == (args.user, args.password)
    return AuthResult(success=right, handled=False, auth_data=data)


async def serve():
    context = None
    if args.security != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert, args.key)
    later = {"tls_context": context, "require_starttls": True} if args.security == "starttls" else {}
    login = (
        {"authenticator": admit, "auth_required": True, "auth_require_tls": args.security == "starttls"}
        if args.user
        else {}
    )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Box(), hostname="localhost", loop=loop, **later, **login),
        "127.0.0.1",
        0,
        ssl=context if args.security == "tls" else None,
    )
    print("{}:{}".format(*server.sockets[0].getsockname()[:2]), flush=True)
    await server.serve_forever()


parser = argparse.ArgumentParser()
for name in ("security", "cert", "key", "user", "password"):
    parser.add_argument("--" + name, default="")
args = parser.parse_args()
asyncio.run(serve())
