import { useMutation, useQuery } from '@apollo/client/react'
import { graphql } from '../api/generated'
import { type Problem, problemOf } from '../api/problem'
import { Field, FoldedForm } from './Form'
import { moment } from './labels'
import { ProblemMessage } from './ProblemMessage'

graphql(`
  fragment Address on Viewer {
    ... on User {
      id
      email
      emailVerified
    }
    ... on Customer {
      id
      email
      emailVerified
    }
  }
`)

const OwnAddress = graphql(`
  query OwnAddress {
    viewer {
      ...Address
    }
  }
`)

const RequestEmailVerification = graphql(`
  mutation RequestEmailVerification {
    requestEmailVerification {
      expiresAt
    }
  }
`)

const RequestEmailChange = graphql(`
  mutation RequestEmailChange($input: RequestEmailChangeInput!) {
    requestEmailChange(input: $input) {
      expiresAt
      viewer {
        ...Address
      }
    }
  }
`)

/** The viewer's address, and how it changes. */
export function Address() {
  const { data, error } = useQuery(OwnAddress, { fetchPolicy: 'cache-and-network' })
  const [change, changed] = useMutation(RequestEmailChange)
  const expiresAt = changed.data?.requestEmailChange?.expiresAt
  const submit = (values: FormData) =>
    change({
      variables: { input: { email: String(values.get('email')), password: String(values.get('password')) } },
    })
  return (
    <section className="card" aria-labelledby="address">
      <h3 id="address">E-mail address</h3>
      {error && <ProblemMessage problem={problemOf(error)} />}
      <p>{data?.viewer?.email}</p>
      {data?.viewer?.emailVerified === false && <Verification />}
      <FoldedForm label="Change it" submitLabel="Change" onSubmit={submit}>
        <Field label="New e-mail address" name="email">
          {(control) => <input {...control} type="email" autoComplete="email" required />}
        </Field>
        <Field label="Your password" name="password">
          {(control) => <input {...control} type="password" autoComplete="current-password" required />}
        </Field>
      </FoldedForm>
      <p role="status">
        {expiresAt &&
          `We have sent a link to the new address. It changes once you have followed that, until ${moment(expiresAt)}.`}
      </p>
    </section>
  )
}

/** Asks an account without a verified address to verify it; without, a customer may see nothing of theirs. */
export function UnverifiedNotice() {
  const { data } = useQuery(OwnAddress)
  if (data?.viewer?.emailVerified !== false) return null
  return (
    <section className="card" aria-label="Your address isn’t verified">
      <Verification />
    </section>
  )
}

/** Has a link mailed with which the viewer shows that an address is theirs. */
function Verification() {
  const [request, { data, error, loading }] = useMutation(RequestEmailVerification, { onError: () => undefined })
  const problem: Problem | undefined = error && problemOf(error)
  const expiresAt = data?.requestEmailVerification?.expiresAt
  return (
    <>
      <p>Your address isn’t verified. Until it is, you may not see everything that is yours.</p>
      <div className="actions">
        <button type="button" disabled={loading} onClick={() => request()}>
          Send me a link
        </button>
        <span role="status">{expiresAt && `We have sent it. It can be used once, until ${moment(expiresAt)}.`}</span>
        {problem && <ProblemMessage problem={problem} />}
      </div>
    </>
  )
}
