package tns

import (
	"path/filepath"
	"testing"

	"portcullis/helpers/helpertest"
)

// TestCaptures reads captures of real sessions, where they are at hand. None of them
// announces anything. In one the server's first packet comes before the client's.
func TestCaptures(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/captures/tns/*.pcap") // the pattern is well formed
	if len(files) == 0 {
		t.Skip("no captures beside the repository")
	}
	for _, file := range files {
		heard, err := helpertest.Capture(&Helper, file, 1521)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range heard {
			if len(h.Announced) > 0 || h.Why != "" && h.Why != whyServerFirst {
				t.Errorf("%s: %v > %v: announced %v, detached for %q", file, h.Client, h.Server, h.Announced, h.Why)
			}
		}
	}
}
