package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"portcullis/control"
)

// group is a command that only holds others.
func group(use, short string, below ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs}
	c.RunE = func(_ *cobra.Command, words []string) error {
		if len(words) == 0 {
			return c.Help()
		}
		var names []string
		for _, b := range below {
			names = append(names, b.Name())
		}
		return fmt.Errorf("%s %q: no such command: expected one of %s", strings.TrimPrefix(c.CommandPath(), "portcullis "), words[0], strings.Join(names, ", "))
	}
	c.AddCommand(below...)
	return c
}

func diagnoseCommand() *cobra.Command {
	a := &asker{}
	c := group("diagnose", "Look into a running firewall, in FortiOS's words",
		group("sys", "Sessions",
			sessionCommands(a, "session", "IPv4 sessions", control.Family4),
			sessionCommands(a, "session6", "IPv6 sessions", control.Family6),
			diagnoseHelperCommands(a)),
		firewallCommands(a),
		debugCommands(a),
		group("netlink", "Interfaces",
			group("interface", "Interfaces", interfaceListCommand(a))))
	a.flags(c)
	return c
}

// sessionCommands are those below diagnose sys session, or session6.
func sessionCommands(a *asker, use, short string, family control.Family) *cobra.Command {
	return group(use, short,
		listCommand(a, family, control.FormBlock, true),
		statCommand(a, "stat", family, (*control.Stats).String),
		statCommand(a, "full-stat", family, (*control.Stats).Full),
		clearCommand(a, family),
		filterCommand(family),
		topCommand(a, family))
}

func getCommand() *cobra.Command {
	a := &asker{}
	list := func() *cobra.Command { return listCommand(a, control.Family4, control.FormShort, false) }
	c := group("get", "Read the state of a running firewall, in FortiOS's words",
		group("system", "The system",
			group("session", "IPv4 sessions", list(), statusCommand(a)),
			group("session-info", "IPv4 sessions", list(),
				expectationCommand(a, control.Family4, false),
				statCommand(a, "statistics", control.Family4, (*control.Stats).String),
				statCommand(a, "full-stat", control.Family4, (*control.Stats).Full)),
			helperInfoCommands(a)))
	a.flags(c)
	return c
}

func interfaceListCommand(a *asker) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "The numbers that dev= of a session tells",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list, err := a.client().Interfaces(c.Context())
			for _, i := range list {
				fmt.Fprintf(c.OutOrStdout(), "if=%s index=%d\n", i.Name, i.Index)
			}
			return err
		},
	}
}
