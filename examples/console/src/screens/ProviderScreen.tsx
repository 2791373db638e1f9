import { ApolloProvider } from '@apollo/client/react'
import { useEffect, useState } from 'react'
import { homeOf } from '../address'
import { newAnonymousClient } from '../api/client'
import { type Problem, problemOf } from '../api/problem'
import { arrive } from '../api/providers'
import type { Session, Side } from '../api/session'
import { Challenged, type Challenge } from '../parts/Challenged'
import { Heading } from '../parts/Heading'
import { ProblemMessage } from '../parts/ProblemMessage'

const notCompleted: Problem = {
  code: 'NOT_COMPLETED',
  message: 'the log-in was not completed; please begin again',
  fields: [],
}

/** The page that an identity provider sends somebody back to. */
export function ProviderScreen({ answer, sessions }: { answer: URLSearchParams; sessions: Record<Side, Session> }) {
  const [client] = useState(newAnonymousClient)
  const [challenge, setChallenge] = useState<{ side: Side; challenge: Challenge }>()
  const [problem, setProblem] = useState<Problem>()

  useEffect(() => {
    // The session may also begin after a second step.
    const stops = (Object.keys(sessions) as Side[]).map((side) =>
      sessions[side].subscribe(() => sessions[side].isLoggedIn() && window.location.replace(homeOf(side))),
    )
    arrive(client, answer)
      .then(async (arrived) => {
        if (!arrived?.result) return setProblem(notCompleted)
        const { tokens, challenge } = arrived.result
        if (challenge) setChallenge({ side: arrived.side, challenge })
        if (tokens) await sessions[arrived.side].begin(tokens)
      })
      .catch((error) => setProblem(problemOf(error)))
    return () => stops.forEach((stop) => stop())
  }, [client, answer, sessions])

  return (
    <ApolloProvider client={client}>
      <main className="door card">
        <h1>CRM console</h1>
        <Heading>Log in</Heading>
        {challenge && <Challenged challenge={challenge.challenge} session={sessions[challenge.side]} />}
        {!challenge && !problem && <p role="status">You are being logged in …</p>}
        {problem && <ProblemMessage problem={problem} />}
        <p className="aside">
          <a href={homeOf('staff')}>Log-in of the staff</a>, <a href={homeOf('customer')}>of customers</a>
        </p>
      </main>
    </ApolloProvider>
  )
}
