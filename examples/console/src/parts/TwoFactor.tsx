import { useMutation, useQuery } from '@apollo/client/react'
import { useRef, useState } from 'react'
import { graphql } from '../api/generated'
import { problemOf } from '../api/problem'
import { Field, FoldedForm } from './Form'
import { moment } from './labels'
import { ProblemMessage } from './ProblemMessage'
import { oneTimeCode } from './SecondStep'
import { RecoveryCodes, TwoFactorSetup } from './TwoFactorSetup'

const TwoFactorState = graphql(`
  query TwoFactorState {
    twoFactor {
      enabledAt
      recoveryCodesLeft
      required
    }
  }
`)

const DisableTwoFactor = graphql(`
  mutation DisableTwoFactor($input: DisableTwoFactorInput!) {
    disableTwoFactor(input: $input) {
      viewer {
        __typename
      }
    }
  }
`)

const RenewRecoveryCodes = graphql(`
  mutation RenewRecoveryCodes($input: RenewRecoveryCodesInput!) {
    renewRecoveryCodes(input: $input) {
      recoveryCodes
    }
  }
`)

/** The second factor of the viewer's log-in. */
export function TwoFactor() {
  const { data, error, refetch } = useQuery(TwoFactorState, { fetchPolicy: 'network-only' })
  const [isSettingUp, setSettingUp] = useState(false)
  const [codes, setCodes] = useState<string[]>()
  const [renew] = useMutation(RenewRecoveryCodes, { fetchPolicy: 'no-cache' })
  const [disable] = useMutation(DisableTwoFactor)
  const heading = useRef<HTMLHeadingElement>(null)
  const state = data?.twoFactor

  async function renewCodes(values: FormData) {
    const { data } = await renew({ variables: { input: { code: String(values.get('code')) } } })
    setCodes(data?.renewRecoveryCodes?.recoveryCodes)
  }

  async function turnOff(values: FormData) {
    await disable({ variables: { input: { code: String(values.get('code')) } } })
    await done()
  }

  async function done() {
    setCodes(undefined)
    setSettingUp(false)
    heading.current?.focus()
    await refetch()
  }

  return (
    <section className="card" aria-labelledby="two-factor">
      <h3 id="two-factor" ref={heading} tabIndex={-1}>
        Two-factor authentication
      </h3>
      {error && <ProblemMessage problem={problemOf(error)} />}
      {codes && <RecoveryCodes codes={codes} onDone={done} />}
      {isSettingUp && <TwoFactorSetup onDone={done} />}
      {state && !state.enabledAt && !isSettingUp && (
        <>
          <p>It is off: your password alone lets anybody in who knows it.</p>
          <div className="actions">
            <button type="button" onClick={() => setSettingUp(true)}>
              Set up
            </button>
          </div>
        </>
      )}
      {state?.enabledAt && !codes && !isSettingUp && (
        <>
          <p className="facts">
            on since {moment(state.enabledAt)}, {state.recoveryCodesLeft} recovery codes left
          </p>
          <CodeForm label="New recovery codes" submitLabel="Replace the codes" onSubmit={renewCodes} />
          {!state.required && <CodeForm label="Turn it off" submitLabel="Turn off" onSubmit={turnOff} />}
        </>
      )}
    </section>
  )
}

interface CodeFormProps {
  label: string
  submitLabel: string
  onSubmit: (values: FormData) => Promise<unknown>
}

/** What takes a code of the app. */
function CodeForm(props: CodeFormProps) {
  return (
    <FoldedForm {...props}>
      <Field label="Code of your app, or a recovery code" name="code">
        {(control) => <input {...control} {...oneTimeCode} />}
      </Field>
    </FoldedForm>
  )
}
