package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"portcullis/control"
	"portcullis/engine"
	"portcullis/session"
)

// Helpers are the built-in session helpers, without what they expect now.
func (v *view) Helpers() (list []control.Helper) {
	var all []engine.HelperState
	v.plane.Look(func(session.Tick) { all = v.worker.Helpers() })
	for i := range all {
		list = append(list, helperOf(&all[i]))
	}
	return list
}

func helperOf(h *engine.HelperState) control.Helper {
	c := control.Helper{
		Name: h.Name, Entries: []control.HelperEntry{}, Sessions: h.Reading, Hits: h.Hits, Expected: h.Expected, Renewed: h.Renewed,
		Used: h.Used, Expired: h.Expired, Voided: h.Voided, Refused: map[string]uint64{}, Detached: h.Detached,
	}
	for why, n := range h.Refused {
		if n > 0 {
			c.Refused[session.Refusal(why).String()] = n
		}
	}
	for _, e := range h.Entries {
		c.Entries = append(c.Entries, entryOf(&e))
	}
	return c
}

func entryOf(e *engine.HelperEntry) control.HelperEntry {
	c := control.HelperEntry{
		ID: e.Config.ID, Protocol: e.Config.Protocol, Port: e.Config.Port, SrcAddr: e.Config.SrcAddr, SrcAddr6: e.Config.SrcAddr6,
		MaxExpectations: e.Config.MaxExpectations, Lifetime: e.Config.Lifetime, Hits: e.Hits,
	}
	for _, s := range e.Config.DataPorts {
		c.DataPorts = append(c.DataPorts, s.String())
	}
	if c.TLSDataPorts = portSpan(e.Config.TLSDataPorts); c.TLSDataPorts != "" {
		c.TLSDataLimit = e.Config.TLSDataLimit
	}
	return c
}

// helperListCommand shows the session helpers as show prints them.
func helperListCommand(a *asker, short, long string, show func(control.Helpers) string) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: short,
		Long:  long,
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			all, err := a.client().Helpers(c.Context())
			if err != nil {
				return err
			}
			return present(c, asJSON, all, show(all))
		},
	}
	jsonFlag(c, &asJSON, "one JSON list")
	return c
}

const helperHelp = `Every built-in session helper, with the entries of system session-helper that bind it now, and counts since the
firewall started:

  sessions  control sessions that it reads now
  hits      control sessions that it was given to read: by an entry, which has its own count, by a policy or a service
  expected  flows that it announced and that were then expected; renewed those that were announced again
  used      sessions that were let in by that
  expired   expectations whose time was over; voided those that ended before, for any other reason
  waiting   expectations that are outstanding
  refused   announcements that opened nothing, by reason
  detached  control sessions that it let go of, and why`

func diagnoseHelperCommands(a *asker) *cobra.Command {
	return group("session-helper", "Session helpers",
		helperListCommand(a, "Session helpers, what binds them, and what they did", helperHelp, control.Helpers.String))
}

func helperInfoCommands(a *asker) *cobra.Command {
	const short = "The built-in session helpers, and what binds them"
	return group("session-helper-info", "Session helpers", helperListCommand(a, short, fmt.Sprintf("%s.", short), control.Helpers.Bindings))
}
