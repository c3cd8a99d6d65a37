package builtin

import (
	"path/filepath"
	"testing"

	"portcullis/helpers"
	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

// recorded are the helpers of which there are captures, and where those are.
var recorded = []struct {
	helper, folder string
	proto          uint8
	port           uint16
	announces      bool // some capture does
}{
	{"dns-udp", "dns", packet.ProtoUDP, 53, false},
	{"ftp", "ftp", packet.ProtoTCP, 21, true},
	{"irc", "irc", packet.ProtoTCP, 6667, true},
	{"pmap", "pmap", packet.ProtoTCP, 111, true},
	{"pmap", "pmap", packet.ProtoUDP, 111, true},
	{"pptp", "pptp", packet.ProtoTCP, 1723, true},
	{"rsh", "rsh", packet.ProtoTCP, 514, false},
	{"rtsp", "rtsp", packet.ProtoTCP, 554, true},
	{"sip", "sip", packet.ProtoTCP, 5060, false},
	{"sip", "sip", packet.ProtoUDP, 5060, true},
	{"tftp", "tftp", packet.ProtoUDP, 69, true},
	{"tns", "tns", packet.ProtoTCP, 1521, false},
}

// mostSessions is how many of a capture are read.
const mostSessions = 4

// TestRecorded runs real sessions, where captures are at hand, through the laws.
func TestRecorded(t *testing.T) {
	const captures = "../../../shared/captures"
	if files, _ := filepath.Glob(captures + "/*"); len(files) == 0 { // the pattern is well formed
		t.Skip("no captures beside the repository")
	}
	for _, c := range recorded {
		t.Run(c.helper+" over "+packet.ProtoName(c.proto), func(t *testing.T) {
			announces, sessions := false, 0
			files, _ := filepath.Glob(filepath.Join(captures, c.folder, "*.pcap"))
			for _, file := range files {
				all, err := helpertest.Recorded(file, c.proto, c.port)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range all[:min(len(all), mostSessions)] {
					sessions++
					t.Run(filepath.Base(file)+" "+d.Name, func(t *testing.T) {
						announces = helpertest.LawsRecorded(t, helpers.Lookup(c.helper), d) || announces
					})
				}
			}
			if sessions > 0 && announces != c.announces {
				t.Errorf("of %d sessions some announce: %v, want %v", sessions, announces, c.announces)
			}
			t.Logf("%d sessions", sessions)
		})
	}
}
