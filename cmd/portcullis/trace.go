package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"portcullis/control"
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/session"
)

// trace is the trace of a view.
type trace struct {
	view  *view
	trace *engine.Trace
}

// Trace begins a trace. The engine has one at a time.
func (v *view) Trace(packets int, chooses func(*packet.Key) bool) (control.Trace, error) {
	t := &trace{view: v, trace: &engine.Trace{Chooses: chooses, Packets: packets}}
	busy := false
	v.plane.Do(func(session.Tick) {
		if busy = v.worker.Traced(); !busy {
			v.worker.SetTrace(t.trace)
		}
	})
	if busy {
		return nil, errors.New("debug flow trace: packets are traced already: expected one trace at a time")
	}
	return t, nil
}

// Read implements control.Trace.
func (t *trace) Read() (lines []control.TraceLine, lost int, done bool) {
	t.view.plane.Do(func(session.Tick) {
		var told []engine.TraceLine
		told, lost = t.trace.Read()
		for _, l := range told {
			lines = append(lines, control.TraceLine{Packet: l.ID, Text: l.Text})
		}
		done = t.trace.Packets == 0
	})
	return lines, lost, done
}

// Close implements control.Trace.
func (t *trace) Close() { t.view.plane.Do(func(session.Tick) { t.view.worker.SetTrace(nil) }) }

const traceHelp = `Print what becomes of the next N packets (100), step by step, until all of them have come, or until interrupted. While
it is on every packet takes the long way, so that the firewall is slower.

A filter is fields with a value, or the two ends of a range, each: src, dst, sport, dport and proto. Packets of both
directions of what it chooses are traced, as they arrive. For example: start 20 src 10.1.0.2 dport 21`

// debugCommands are those below diagnose debug.
func debugCommands(a *asker) *cobra.Command {
	var asJSON bool
	start := &cobra.Command{
		Use:   "start [N] [FILTER...]",
		Short: "Print what becomes of the next packets",
		Long:  traceHelp,
		RunE: func(c *cobra.Command, words []string) error {
			n := 100
			if len(words) > 0 {
				if k, err := strconv.Atoi(words[0]); err == nil {
					n, words = k, words[1:]
				}
			}
			filter, err := control.ParseFilter(words)
			if err != nil {
				return err
			}
			form := control.FormText
			if asJSON {
				form = control.FormJSON
			}
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, unix.SIGTERM)
			defer stop()
			if err = a.client().Trace(ctx, control.Query{Filter: filter}, n, form, c.OutOrStdout()); err != nil {
				return fmt.Errorf("debug flow trace: %w", err)
			}
			return nil
		},
	}
	jsonFlag(start, &asJSON, "one JSON object a line")
	return group("debug", "Traces", group("flow", "The trips of packets", group("trace", "A trace", start)))
}
