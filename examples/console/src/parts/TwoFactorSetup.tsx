import { useApolloClient } from '@apollo/client/react'
import { useState } from 'react'
import { graphql } from '../api/generated'
import type { StartTwoFactorInput, TokensFragment } from '../api/generated/graphql'
import { Field, Form } from './Form'
import { oneTimeCode } from './SecondStep'
import { SecretOnce } from './SecretOnce'

const StartTwoFactor = graphql(`
  mutation StartTwoFactor($input: StartTwoFactorInput!) {
    startTwoFactor(input: $input) {
      secret
      uri
      qrCode
    }
  }
`)

const ConfirmTwoFactor = graphql(`
  mutation ConfirmTwoFactor($input: ConfirmTwoFactorInput!) {
    confirmTwoFactor(input: $input) {
      recoveryCodes
      tokens {
        ...Tokens
      }
    }
  }
`)

interface TwoFactorSetupProps {
  /** The challenge of a log-in for which it has to be set up first; otherwise the viewer enters their password. */
  challenge?: string
  /** Is called when the recovery codes are stored, with the tokens of the log-in, if there was a challenge. */
  onDone: (tokens: TokensFragment | null) => void
}

interface Secret {
  secret: string
  uri: string
  qrCode: string
}

interface Confirmed {
  recoveryCodes: string[]
  tokens: TokensFragment | null
}

/** Sets up two-factor authentication: the secret goes into an app, and the app's first code turns it on. */
export function TwoFactorSetup({ challenge, onDone }: TwoFactorSetupProps) {
  const client = useApolloClient()
  const [secret, setSecret] = useState<Secret>()
  const [confirmed, setConfirmed] = useState<Confirmed>()

  // Neither the secret nor the recovery codes get into the cache.
  async function start(input: StartTwoFactorInput) {
    const { data } = await client.mutate({ mutation: StartTwoFactor, variables: { input }, fetchPolicy: 'no-cache' })
    setSecret(data?.startTwoFactor ?? undefined)
  }

  async function confirm(values: FormData) {
    const input = { challenge: challenge ?? null, code: String(values.get('code')) }
    const { data } = await client.mutate({ mutation: ConfirmTwoFactor, variables: { input }, fetchPolicy: 'no-cache' })
    setConfirmed(data?.confirmTwoFactor ?? undefined)
  }

  if (confirmed) {
    return <RecoveryCodes codes={confirmed.recoveryCodes} onDone={() => onDone(confirmed.tokens)} />
  }
  if (!secret) {
    return (
      <Form
        label="Set up two-factor authentication"
        submitLabel={challenge ? 'Set it up' : 'Continue'}
        onSubmit={(values) => start(challenge ? { challenge } : { password: String(values.get('password')) })}
      >
        {challenge ? (
          <p>Your account needs a second factor: the codes of an authenticator app on your telephone.</p>
        ) : (
          <Field label="Your password" name="password">
            {(control) => <input {...control} type="password" autoComplete="current-password" required autoFocus />}
          </Field>
        )}
      </Form>
    )
  }
  return (
    <>
      <p>Scan this with your authenticator app, or enter the secret there. Then enter the code that it shows.</p>
      <a href={secret.uri}>
        <img className="qr" src={secret.qrCode} alt="QR code for the app; on a telephone, it opens the app" />
      </a>
      <p>
        Secret: <code className="text">{secret.secret}</code>
      </p>
      <Form label="Confirm two-factor authentication" submitLabel="Turn it on" onSubmit={confirm}>
        <Field label="Code of your app" name="code">
          {(control) => <input {...control} {...oneTimeCode} inputMode="numeric" autoFocus />}
        </Field>
      </Form>
    </>
  )
}

/** Codes that replace the app's, for somebody who has lost it. */
export function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  return (
    <SecretOnce
      label="Your recovery codes: each lets you in once without the app"
      secret={codes.join('\n')}
      onDone={onDone}
    />
  )
}
