package demo

import (
	"context"
	"fmt"
	"io"
	"strings"

	"crm/db"
)

// Run fills the store and reports to out, with a progress bar if out is a terminal.
func Run(ctx context.Context, d *db.DB, customers int, out io.Writer, terminal bool) error {
	err := Fill(ctx, d, customers, func(done int) {
		if terminal {
			_, _ = fmt.Fprintf(out, "\r%s %d of %d customers", bar(done, customers), done, customers)
		}
	})
	if terminal {
		_, _ = fmt.Fprintln(out)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "The demo data has been added. Log in with logInUser as %s or %s, or with logInCustomer as %s to %s: the password is %q.\n",
		Admin, "staff1@demo.example", "customer1@demo.example", fmt.Sprintf("customer%d@demo.example", customers), Password)
	return err
}

func bar(done, of int) string {
	const width = 30
	filled := width * done / of
	return "[" + strings.Repeat("#", filled) + strings.Repeat(".", width-filled) + "]"
}
