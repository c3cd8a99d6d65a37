package behaviour_test

import (
	"testing"

	"portcullis/config"
	"portcullis/helpers"
	_ "portcullis/helpers/builtin" // every helper there is
	"portcullis/packet"
)

// TestTCPHelpers: of the session helpers that the factory's table binds to TCP,
// that of FTP is the only one that there is.
//
// RFC 5382 REQ-6: default
func TestTCPHelpers(t *testing.T) {
	ftp := false
	for _, e := range config.Factory().Helpers {
		if e.Protocol != packet.ProtoTCP || !e.Status || helpers.Lookup(e.Name) == nil {
			continue
		}
		if e.Name != "ftp" {
			t.Errorf("entry %d: %s is on by default", e.ID, e.Name)
		}
		ftp = ftp || e.Name == "ftp"
	}
	if !ftp {
		t.Error("that of FTP is off")
	}
}
