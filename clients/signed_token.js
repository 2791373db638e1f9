// Access tokens with another end than the server gives them.
import { createHmac } from 'node:crypto';

/** Returns a user's access token that ends so many seconds from now; `key` is the first of the server's USER_SECRET_KEY. */
export function endToken(accessToken, key, seconds) {
  const [header, payload] = accessToken.split('.');
  const now = Math.floor(Date.now() / 1000);
  const claims = { ...JSON.parse(Buffer.from(payload, 'base64url')), exp: now + seconds };
  const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}
