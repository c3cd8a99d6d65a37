// Portcullis is a stateful firewall in user space that is configured and behaves
// like a FortiGate.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	_ "portcullis/helpers/builtin"
)

func main() {
	if err := newRoot().Execute(); err != nil {
		report(err)
		os.Exit(1)
	}
}

// newRoot is the command line.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "portcullis",
		Short:         "A stateful firewall in user space that thinks like a FortiGate",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cobra.EnablePrefixMatching = true // diag sys session list, as on a FortiGate
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(runCommand(), checkCommand(), replayCommand(), restoreCommand(), versionCommand(), diagnoseCommand(), getCommand())
	return root
}

// report prints err as "portcullis: ..." lines for the operator, or the lines of a
// configuration's mistakes as they are.
func report(err error) {
	var c configError
	if errors.As(err, &c) {
		fmt.Fprintln(os.Stderr, c.Error())
		return
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(os.Stderr, "portcullis:", strings.TrimSpace(line))
	}
}
