import { Field } from './Form'

/** Asks for the token of a mailed link, unless the link has it. */
export function TokenField({ token }: { token: string | undefined }) {
  if (token) return null
  return (
    <Field label="Token in the message" name="token">
      {(control) => <input {...control} autoComplete="off" required />}
    </Field>
  )
}
