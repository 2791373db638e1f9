package db

import "time"

// attemptWindow is how long a wrong password counts.
const attemptWindow = 15 * time.Minute
