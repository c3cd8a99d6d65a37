package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"portcullis/examples"
)

func demoCommand(binary *string) *cobra.Command {
	d := demo{binary: binary, acts: acts}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Tell the whole story, act by act",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return d.play(cmd) },
	}
	d.flags(cmd)
	return cmd
}

func runCommand(binary *string) *cobra.Command {
	d := demo{binary: binary}
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run the acts that belong to one of the examples",
		Long:  "Run the acts that belong to one of the examples. The file may be an edited copy, as long as its name stays.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := d.choose(args[0]); err != nil {
				return err
			}
			return d.play(cmd)
		},
	}
	d.flags(cmd)
	return cmd
}

// demo is a number of acts to be played.
type demo struct {
	binary  *string
	acts    []act
	texts   map[string]string // configurations instead of the built-in ones, by name
	logDir  string
	verbose bool
}

func (d *demo) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&d.logDir, "keep-logs", "", "keep configurations and logs in `DIR`")
	cmd.Flags().BoolVarP(&d.verbose, "verbose", "v", false, "show log lines whole, and what the firewall says of itself")
}

// choose takes the acts of one example, with the file as it is.
func (d *demo) choose(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	name := filepath.Base(file)
	d.texts = map[string]string{name: string(text)}
	var known []string
	for _, a := range slices.Concat(acts, extras) {
		if a.example == name {
			d.acts = append(d.acts, a)
		}
		if !slices.Contains(known, a.example) {
			known = append(known, a.example)
		}
	}
	if len(d.acts) == 0 {
		return fmt.Errorf("file %s: no act belongs to it; there are acts for %s", file, strings.Join(known, ", "))
	}
	return nil
}

// text is the text of a configuration.
func (d *demo) text(name string) (string, error) {
	if text, ok := d.texts[name]; ok {
		return text, nil
	}
	text, err := examples.FS.ReadFile(name)
	return string(text), err
}

// play plays the acts and prints the summary. The error says that something
// did not go as expected.
func (d *demo) play(cmd *cobra.Command) error {
	if d.logDir != "" {
		if err := os.MkdirAll(d.logDir, 0o755); err != nil {
			return err
		}
	}
	out, begin := newPrinter(os.Stdout), time.Now()
	if slices.ContainsFunc(d.acts, func(a act) bool { return a.hosts == nil }) {
		out.line("%s", standard)
	}
	var scores []score
	for _, a := range d.acts {
		s := d.playAct(cmd.Context(), out, a)
		scores = append(scores, s)
		if err := cmd.Context().Err(); err != nil {
			return errors.New("interrupted")
		}
	}
	out.summary(scores, time.Since(begin))
	failed := 0
	for _, s := range scores {
		if !s.ok() {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d acts did not go as expected", failed, len(scores))
	}
	return nil
}
