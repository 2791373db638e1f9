import { describe, type Problem } from '../api/problem'

export function ProblemMessage({ problem }: { problem: Problem }) {
  return (
    <p role="alert" className="problem" data-code={problem.code}>
      {describe(problem)}
    </p>
  )
}
