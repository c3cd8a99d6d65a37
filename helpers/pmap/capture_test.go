package pmap

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"portcullis/helpers/helpertest"
)

// TestCaptures reads captures of real sessions, where they are at hand, and
// compares what is announced with what is known to be in them.
func TestCaptures(t *testing.T) {
	const folder = "../../../shared/captures"
	rows, err := os.ReadFile(filepath.Join(folder, "TRUTH.tsv"))
	if err != nil {
		t.Skip("no captures beside the repository: ", err)
	}
	// Of each file: from whom to where; what is told again counts once.
	want := map[string][]string{}
	for _, row := range strings.Split(string(rows), "\n") {
		f := strings.Split(row, "\t")
		if len(f) > 7 && strings.HasPrefix(f[0], "pmap/") && f[7] != "0" { // 0: not registered
			want[f[0]] = append(want[f[0]], fmt.Sprintf("%s > %s port %s", f[5], f[6], f[7]))
		}
	}
	for file, known := range want {
		t.Run(filepath.Base(file), func(t *testing.T) {
			heard, err := helpertest.Capture(&Helper, filepath.Join(folder, file), 111)
			if err != nil {
				t.Fatal(err)
			}
			seen := []string{}
			for _, h := range heard {
				if h.Why != "" {
					t.Errorf("%v > %v: detached: %s", h.Client, h.Server, h.Why)
				}
				for _, a := range h.Announced {
					at := netip.MustParseAddrPort(a.Endpoint)
					seen = append(seen, fmt.Sprintf("%v > %v port %d", h.Client.Addr(), at.Addr(), at.Port()))
				}
			}
			for _, k := range known {
				if !slices.Contains(seen, k) {
					t.Errorf("missed: %s", k)
				}
			}
			for _, k := range seen {
				if !slices.Contains(known, k) {
					t.Errorf("announced too much: %s", k)
				}
			}
		})
	}
}
