package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"
)

const (
	commandPath  = "/command"
	commandBytes = 64 << 10
	// cancelledTime is how long a cancelled command may take to end.
	cancelledTime = 2 * time.Second
)

var errStopping = errors.New("the server is stopping; what the command has done until now remains")

// commandPart is a part of a command's result: output, or at the end an error or Done.
type commandPart struct {
	Output []byte `json:",omitempty"`
	Error  string `json:",omitempty"`
	Done   bool   `json:",omitempty"`
}

// commandServer runs the commands of other processes, which can't open the data file while this one has it open. Whoever
// may write to the folder of the data may connect.
type commandServer struct {
	http   http.Server
	path   string
	cancel context.CancelCauseFunc
}

// serveCommands serves commands on the socket in a folder until stop is called. If there can be no socket, which some file
// systems don't have, it says so in the log.
func serveCommands(ctx context.Context, dataDir string, c *crm, log *slog.Logger) (stop func(context.Context)) {
	path := socketPath(dataDir)
	listener, err := listen(ctx, path)
	if err != nil {
		log.Warn("commands can't be used while this server runs", "error", err)
		return func(context.Context) {}
	}
	running, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+commandPath, func(w http.ResponseWriter, r *http.Request) {
		serveCommand(w, r, c, log)
	})
	s := &commandServer{path: path, cancel: cancel, http: http.Server{
		Handler: mux, ReadHeaderTimeout: headerTime,
		BaseContext: func(net.Listener) context.Context { return running }, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
	go func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("commands can't be used any more while this server runs", "error", err)
		}
	}()
	return s.stop
}

// stop waits for commands until ctx is done, and then cancels them.
func (s *commandServer) stop(ctx context.Context) {
	_ = os.Remove(s.path) // commands that are called now wait for the next server, or for the data file
	if s.http.Shutdown(ctx) != nil {
		s.cancel(errStopping)
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelledTime)
		defer cancel()
		_ = s.http.Shutdown(ending)
	}
	s.cancel(errStopping)
	_ = s.http.Close()
}

func serveCommand(w http.ResponseWriter, r *http.Request, c *crm, log *slog.Logger) {
	parts := json.NewEncoder(w)
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, commandBytes))
	decoder.DisallowUnknownFields()
	var called call
	err := decoder.Decode(&called)
	var command command
	if err == nil {
		command, err = called.parse()
	}
	if err != nil {
		// The caller has checked it, too.
		_ = parts.Encode(commandPart{Error: fmt.Sprintf("the server that is running is of another version, %s: %s", version(), err)})
		return
	}
	log.Info("running a command", "command", called.Name)
	err = command.run(r.Context(), c, called.Password, commandOutput{parts, http.NewResponseController(w)})
	if errors.Is(context.Cause(r.Context()), errStopping) {
		err = errStopping
	}
	end := commandPart{Done: true}
	if err != nil {
		log.Info("a command failed", "command", called.Name, "error", err)
		end.Error = err.Error()
	}
	_ = parts.Encode(end) // fails only if the caller is gone
}

// commandOutput sends what a command writes at once.
type commandOutput struct {
	parts   *json.Encoder
	control *http.ResponseController
}

func (o commandOutput) Write(output []byte) (int, error) {
	if err := errors.Join(o.parts.Encode(commandPart{Output: output}), o.control.Flush()); err != nil {
		return 0, err
	}
	return len(output), nil
}
