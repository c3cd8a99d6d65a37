// Score holds the session helpers against captures of real control sessions whose
// truth is known: what share of what is announced was expected, what share of what
// was expected is right, and whether the flows that were announced were accepted as
// children, at their first frame. It prints a table.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	_ "portcullis/helpers/builtin" // every helper there is
)

func main() {
	dir := flag.String("captures", "../shared/captures", "the `folder` with TRUTH.tsv and a folder of captures for each protocol")
	flag.Parse()
	if err := run(*dir, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "score:", err)
		os.Exit(1)
	}
}

func run(dir string, out io.Writer) error {
	if _, err := os.Stat(filepath.Join(dir, "TRUTH.tsv")); errors.Is(err, fs.ErrNotExist) {
		_, err = fmt.Fprintf(out, "score: no captures in %s: nothing is measured\n", dir)
		return err
	}
	all, err := scoreAll(dir)
	if err != nil {
		return err
	}
	return print(out, all)
}
