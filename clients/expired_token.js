// Access tokens that have expired, without waiting for it.
import { createHmac } from 'node:crypto';

/** Returns a user's access token as it was an hour ago; `key` is the server's USER_SECRET_KEY. */
export function expire(accessToken, key) {
  const [header, payload] = accessToken.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  const anHour = 3600;
  const past = { ...claims, iat: claims.iat - anHour, exp: claims.exp - anHour };
  const signed = `${header}.${Buffer.from(JSON.stringify(past)).toString('base64url')}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}
