package inbound

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"crm/inbound/mailbox"
)

// Start opens the doors that are configured, besides Handler. stop closes them, and returns when what came through them is
// received.
func (s *Service) Start(ctx context.Context) (stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	var open sync.WaitGroup
	stop = func() {
		cancel()
		open.Wait()
	}
	for _, door := range []struct {
		variable, address string
		lmtp              bool
	}{{"INBOUND_SMTP", s.config.SMTP, false}, {"INBOUND_LMTP", s.config.LMTP, true}} {
		if door.address == "" {
			continue
		}
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", door.address)
		if err != nil {
			stop()
			return nil, fmt.Errorf("%s: cannot listen: %w", door.variable, err)
		}
		s.log.Info("mail is received", slog.String("by", door.variable), slog.String("address", listener.Addr().String()))
		server := s.NewSMTPServer(door.lmtp)
		open.Go(func() {
			if err := server.Serve(ctx, listener); err != nil {
				s.log.Error("mail is no longer received", slog.String("by", door.variable), slog.Any("error", err))
			}
		})
	}
	if s.config.Mailbox.Host != "" {
		var options []mailbox.Option
		if s.config.Alone {
			options = append(options, mailbox.Only())
		}
		reader := mailbox.New(s.config.Mailbox, s.db, func(ctx context.Context, raw []byte) error {
			_, err := s.Receive(ctx, Mail{Raw: raw})
			return err
		}, s.log, options...)
		open.Go(func() { reader.Run(ctx) })
	}
	return stop, nil
}
