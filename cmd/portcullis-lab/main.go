// Portcullis-lab shows and measures Portcullis on real packets: it builds small
// networks of Linux network namespaces, runs Portcullis in the middle, and real
// servers and clients on either side. It needs no root.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"portcullis/lab"
	"portcullis/lab/peer"
)

func main() {
	peer.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := rootCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "portcullis-lab:", err)
		stop()
		os.Exit(1)
	}
}

func rootCommand() *cobra.Command {
	var binary string
	root := &cobra.Command{
		Use:           "portcullis-lab",
		Short:         "Show and measure Portcullis in a lab of network namespaces",
		SilenceErrors: true,
		SilenceUsage:  true,
		// The lab needs the right to make namespaces; without it the whole program
		// is run again as the root of a user namespace.
		PersistentPreRunE: func(*cobra.Command, []string) (err error) {
			if binary, err = findPortcullis(binary); err != nil {
				return err
			}
			return lab.EnterUserNamespace()
		},
	}
	root.PersistentFlags().StringVar(&binary, "portcullis", "", "the portcullis `binary` (default: beside this program, or in PATH)")
	root.AddCommand(demoCommand(&binary), runCommand(&binary), benchCommand(&binary))
	root.CompletionOptions.DisableDefaultCmd = true
	return root
}

// findPortcullis finds the program to be shown.
func findPortcullis(given string) (string, error) {
	if given != "" {
		path, err := exec.LookPath(given)
		if err != nil {
			return "", fmt.Errorf("binary %q: %w", given, err)
		}
		return filepath.Abs(path)
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "portcullis")
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	path, err := exec.LookPath("portcullis")
	if err != nil {
		return "", fmt.Errorf("binary portcullis: neither beside this program nor in PATH: name it with --portcullis")
	}
	return filepath.Abs(path)
}
