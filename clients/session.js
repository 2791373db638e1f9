// The tokens of a log-in, as a front end keeps them.

const refreshMutation = `mutation Refresh($input: RefreshInput!) {
  refresh(input: $input) { tokens { accessToken accessTokenExpiresAt refreshToken } }
}`;

// An access token that ends this soon may have ended when it arrives.
const marginMilliseconds = 10_000;

export class Session {
  #url;
  #tokens;
  #exchange;

  /** `tokens` are those that a log-in answered with. */
  constructor(url, tokens) {
    this.#url = url;
    this.#tokens = tokens;
  }

  /** Returns an access token that is good for some seconds. */
  async accessToken() {
    const { accessToken, accessTokenExpiresAt } = this.#tokens;
    const expiresSoon = Date.parse(accessTokenExpiresAt) - Date.now() < marginMilliseconds;
    return expiresSoon ? this.refresh(accessToken) : accessToken;
  }

  /**
   * Returns another access token than the one that was refused. A refresh token works once, and twice ends the session, so
   * whoever comes while tokens are exchanged waits for the same ones.
   */
  async refresh(refused) {
    if (refused !== this.#tokens.accessToken) {
      return this.#tokens.accessToken;
    }
    this.#exchange ??= this.#refresh().finally(() => (this.#exchange = undefined));
    await this.#exchange;
    return this.#tokens.accessToken;
  }

  async #refresh() {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        query: refreshMutation,
        variables: { input: { refreshToken: this.#tokens.refreshToken } },
      }),
    });
    const { data, errors } = await response.json();
    if (!data?.refresh) {
      throw new Error(`log in again: ${errors[0].message}`);
    }
    this.#tokens = data.refresh.tokens;
  }
}
