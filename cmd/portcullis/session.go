package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"portcullis/control"
)

// asker is what the commands that ask a running firewall share.
type asker struct{ path string }

func (a *asker) flags(c *cobra.Command) {
	c.PersistentFlags().StringVar(&a.path, "control", control.DefaultSocket, "the control `socket` of the firewall")
}

func (a *asker) client() *control.Client { return control.NewClient(a.path) }

// query reads a filter from the command line. Where there is none and stored is
// set, the one that this login keeps holds, and the operator is told.
func query(c *cobra.Command, family control.Family, words []string, stored bool) (q control.Query, err error) {
	q.Family = family
	if len(words) > 0 || !stored {
		q.Filter, err = control.ParseFilter(words)
		return q, err
	}
	l, err := filterOf(family)
	if err == nil {
		q.Filter, err = l.load()
	}
	if err == nil && !q.Filter.Empty() {
		fmt.Fprintln(c.ErrOrStderr(), "session filter in force:", strings.Join(q.Filter.Words(), " "))
	}
	return q, err
}

// filterHelp tells how a filter is written.
var filterHelp = `A filter is any of these fields with a value or with the two ends of a range; a
session must agree with all:

  ` + strings.Join(control.FieldNames(), " ") + `

negate FIELD reverses what a field asks for. For example:

  src 10.1.0.0/24 dport 21 90 proto 6 negate policy policy 4`

// listCommand lists sessions. Of diagnose's the filter of the login holds.
func listCommand(a *asker, family control.Family, form control.Form, stored bool) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list [FILTER...]",
		Short: "List sessions",
		Long:  "List sessions.\n\n" + filterHelp,
		RunE: func(c *cobra.Command, words []string) error {
			q, err := query(c, family, words, stored)
			if err != nil {
				return err
			}
			if asJSON {
				form = control.FormJSON
			}
			return a.client().List(c.Context(), q, form, c.OutOrStdout())
		},
	}
	c.PersistentFlags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	if stored {
		c.AddCommand(expectationCommand(a, family, true))
	}
	return c
}

func expectationCommand(a *asker, family control.Family, stored bool) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "expectation [FILTER...]",
		Short: "List what session helpers expect",
		Long:  "List what session helpers expect: each with its control session (master), the time that is left and the helper.\n\n" + filterHelp,
		RunE: func(c *cobra.Command, words []string) error {
			q, err := query(c, family, words, stored)
			if err != nil {
				return err
			}
			form := control.FormBlock
			if asJSON {
				form = control.FormJSON
			}
			return a.client().ListExpectations(c.Context(), q, form, c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return c
}

func statCommand(a *asker, use string, family control.Family, show func(*control.Stats) string) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: "Counters of the session table",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			st, err := a.client().Stats(c.Context(), control.Query{Family: family})
			if err == nil {
				fmt.Fprint(c.OutOrStdout(), show(&st))
			}
			return err
		},
	}
}

func statusCommand(a *asker) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "The number of sessions",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			st, err := a.client().Stats(c.Context(), control.Query{Family: control.Family4})
			if err == nil {
				fmt.Fprintf(c.OutOrStdout(), "The total number of IPv4 sessions for the current VDOM: %d\n", st.Sessions)
			}
			return err
		},
	}
}

func clearCommand(a *asker, family control.Family) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "clear [FILTER...]",
		Short: "End sessions, and take out what is expected",
		Long:  "End the sessions that a filter chooses, and take out what is expected likewise. Without a filter all are\nended, after a question.\n\n" + filterHelp,
		RunE: func(c *cobra.Command, words []string) error {
			q, err := query(c, family, words, true)
			if err != nil {
				return err
			}
			if q.Filter.Empty() && !yes {
				if err := confirm(c); err != nil {
					return err
				}
			}
			n, err := a.client().Clear(c.Context(), q)
			if err == nil {
				fmt.Fprintf(c.OutOrStdout(), "cleared: %d sessions, %d expectations\n", n.Sessions, n.Expectations)
			}
			return err
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "ask nothing")
	return c
}

// confirm asks whether really all sessions are to end.
func confirm(c *cobra.Command) error {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return errors.New("session clear: no filter is set: expected one, or --yes to end all sessions")
	}
	fmt.Fprint(c.ErrOrStderr(), "No filter is set: all sessions will be ended.\nDo you want to continue? (y/n) ")
	answer, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	if answer = strings.TrimSpace(answer); answer != "y" && answer != "Y" {
		return errors.New("session clear: nothing was ended")
	}
	return nil
}

func filterCommand(family control.Family) *cobra.Command {
	return &cobra.Command{
		Use:   "filter [clear | FILTER...]",
		Short: "Show, extend or clear the filter of this login",
		Long:  "Show the filter that list and clear obey when they are given none, extend it, or clear it. It holds for this\nlogin: this terminal or SSH connection.\n\n" + filterHelp,
		RunE: func(c *cobra.Command, words []string) error {
			l, err := filterOf(family)
			if err != nil {
				return err
			}
			if slices.Equal(words, []string{"clear"}) {
				return l.save(&control.Filter{})
			}
			f, err := l.load()
			if err != nil {
				return err
			}
			if len(words) == 0 {
				fmt.Fprintf(c.OutOrStdout(), "session filter:\n%s", f.String())
				return nil
			}
			if err := f.Add(words); err != nil {
				return err
			}
			return l.save(&f)
		},
	}
}

func topCommand(a *asker, family control.Family) *cobra.Command {
	return &cobra.Command{
		Use:   "top [by source|destination|policy] [N]",
		Short: "Who has the most sessions",
		Args:  cobra.MaximumNArgs(3),
		RunE: func(c *cobra.Command, words []string) error {
			by, n, err := topArgs(words)
			if err != nil {
				return err
			}
			t, err := a.client().Top(c.Context(), control.Query{Family: family}, by, n)
			if err == nil {
				fmt.Fprint(c.OutOrStdout(), t.String())
			}
			return err
		},
	}
}

// topArgs reads "[by KEY] [N]".
func topArgs(words []string) (by string, n int, err error) {
	by, n = "source", 10
	if len(words) > 0 && words[0] == "by" {
		if len(words) < 2 || !slices.Contains(control.TopKeys, words[1]) {
			return by, n, fmt.Errorf("session top by: expected one of %s", strings.Join(control.TopKeys, ", "))
		}
		by, words = words[1], words[2:]
	}
	if len(words) > 0 {
		if n, err = strconv.Atoi(words[0]); err != nil || n < 1 || len(words) > 1 {
			return by, n, fmt.Errorf("session top %q: expected [by %s] and a number of rows", strings.Join(words, " "), strings.Join(control.TopKeys, "|"))
		}
	}
	return by, n, nil
}
