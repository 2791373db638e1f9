package main

import (
	"context"
	"fmt"
)

// compare sends the same requests to every server and returns an error if the contents of the responses differ.
func (b *bench) compare(ctx context.Context, s scenario, targets []*target) error {
	var ours []any
	for _, t := range targets {
		contents, err := b.someContents(ctx, s, t)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		if ours == nil {
			ours = contents
		}
		for i, content := range contents {
			if found := difference("answer", content, ours[i]); found != "" {
				return fmt.Errorf("response %d of %s differs from ours: %s", i, t.name, found)
			}
		}
	}
	return nil
}

// someContents returns the contents of a server's responses to some requests of a case, but only one if the case writes or takes
// long.
func (b *bench) someContents(ctx context.Context, s scenario, t *target) ([]any, error) {
	most := 50
	if s.writes {
		most = 1
	}
	written, err := t.requests(ctx, b.world, s)
	if err != nil {
		return nil, err
	}
	contents := make([]any, min(most, len(written)))
	for i := range contents {
		body, err := ask(ctx, t.address(s), written[i])
		if err != nil {
			return nil, err
		}
		if contents[i], err = s.content(body); err != nil {
			return nil, err
		}
	}
	return contents, nil
}
