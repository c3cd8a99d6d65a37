package builtin

import (
	"testing"

	"portcullis/helpers"
)

// TestAll holds the list of what is registered.
func TestAll(t *testing.T) {
	want := []string{"amanda", "dns-tcp", "dns-udp", "ftp", "irc", "mms", "ntalk", "pmap", "pptp", "rsh", "rtsp", "sane", "sip", "talk", "tftp", "tns"}
	all := helpers.All()
	if len(all) != len(want) {
		t.Fatalf("%d helpers, want %d", len(all), len(want))
	}
	for i, h := range all {
		if h.Name != want[i] {
			t.Errorf("helper %d is %q, want %q", i, h.Name, want[i])
		}
	}
}
