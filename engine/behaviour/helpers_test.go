package behaviour_test

import (
	"testing"

	"portcullis/config"
	"portcullis/helpers"
	_ "portcullis/helpers/builtin" // every helper there is
	"portcullis/packet"
)

// TestTCPHelpers: the session helpers that the factory's table binds to TCP are on,
// that of FTP among them.
//
// RFC 5382 REQ-6: not
func TestTCPHelpers(t *testing.T) {
	ftp, others := false, false
	for _, e := range config.Factory().Helpers {
		if e.Protocol != packet.ProtoTCP || !e.Status || helpers.Lookup(e.Name) == nil {
			continue
		}
		ftp = ftp || e.Name == "ftp"
		others = others || e.Name != "ftp"
	}
	if !ftp {
		t.Error("that of FTP is off")
	}
	if !others {
		t.Error("all others are off")
	}
}
