import type { Session } from '../api/session'
import { SecondStep } from './SecondStep'
import { TwoFactorSetup } from './TwoFactorSetup'

/** What follows the first step of a log-in to an account with two-factor authentication, or one that has to set it up. */
export interface Challenge {
  token: string
  mustEnrol: boolean
}

export function Challenged({ challenge, session }: { challenge: Challenge; session: Session }) {
  const { token, mustEnrol } = challenge
  return mustEnrol ? (
    <TwoFactorSetup challenge={token} onDone={(tokens) => tokens && session.begin(tokens)} />
  ) : (
    <SecondStep challenge={token} session={session} />
  )
}
