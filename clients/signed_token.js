// Access tokens with another expiry than the server's.
import { createHmac } from 'node:crypto';

/** Returns a user's access token that expires in `seconds`; `key` is the first key in the server's USER_SECRET_KEY. */
export function endToken(accessToken, key, seconds) {
  const [header, payload] = accessToken.split('.');
  const now = Math.floor(Date.now() / 1000);
  const claims = { ...JSON.parse(Buffer.from(payload, 'base64url')), exp: now + seconds };
  const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}
