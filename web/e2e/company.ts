import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An OpenID Connect provider of an organisation, which believes everybody who says who he is. */
export interface Company {
  issuer: string;
  end: () => Promise<void>;
}

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Starts the provider. Its login page asks for an address, and for the groups and the name that it then tells of. */
export async function beginCompany(): Promise<Company> {
  const logins = new Map<string, URLSearchParams>();
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const { pathname, searchParams } = new URL(request.url ?? '/', issuer);
    switch (pathname) {
      case '/.well-known/openid-configuration':
        json(response, discovery(issuer));
        break;
      case '/keys':
        json(response, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: '1' }] });
        break;
      case '/token':
        json(response, tokens(issuer, logins, new URLSearchParams(await text(request))));
        break;
      case '/authorize':
        html(response, searchParams);
        break;
      default:
        enter(response, searchParams);
    }
  }

  function enter(response: ServerResponse, login: URLSearchParams) {
    const code = String(logins.size);
    logins.set(code, login);
    const back = new URL(login.get('redirect_uri') ?? issuer);
    back.searchParams.set('code', code);
    back.searchParams.set('state', login.get('state') ?? '');
    response.writeHead(303, { Location: back.href }).end();
  }

  const end = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { issuer, end };
}

function discovery(issuer: string) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    id_token_signing_alg_values_supported: ['RS256'],
  };
}

/** A login is good for whoever began it, as the proof key tells. */
function tokens(issuer: string, logins: Map<string, URLSearchParams>, form: URLSearchParams) {
  const login = logins.get(form.get('code') ?? '');
  const proof = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url');
  if (login?.get('code_challenge') !== proof) return { error: 'invalid_grant' };
  const email = login.get('email') ?? '';
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    aud: 'signalbox',
    sub: email,
    iat: now,
    exp: now + 60,
    nonce: login.get('nonce'),
    email,
    email_verified: true,
    name: login.get('name'),
    groups: (login.get('groups') ?? '').split(',').filter(Boolean),
  };
  return { access_token: 'none', token_type: 'Bearer', id_token: signed(claims) };
}

function signed(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const words = `${part({ alg: 'RS256', kid: '1', typ: 'JWT' })}.${part(claims)}`;
  return `${words}.${sign('sha256', Buffer.from(words), privateKey).toString('base64url')}`;
}

function json(response: ServerResponse, body: object) {
  response.writeHead('error' in body ? 400 : 200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function html(response: ServerResponse, asked: URLSearchParams) {
  const kept = ['redirect_uri', 'state', 'nonce', 'code_challenge']
    .map((name) => `<input type="hidden" name="${name}" value="${encodeURI(asked.get(name) ?? '')}">`)
    .join('');
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(`<!doctype html><title>Company</title>
    <form action="/enter">${kept}
      <label>Address <input name="email"></label> <label>Groups <input name="groups"></label>
      <label>Name <input name="name"></label>
      <button>Enter</button>
    </form>`);
}
