package e2e

import (
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/tool"
)

// tlsDataPorts has the factory's FTP entry hold data ranges open.
const tlsDataPorts = `
[[system.session-helper]]
id = 9
name = "ftp"
protocol = 6
port = 21
tls-data-ports = "50000-50099"
`

// Real clients fetch over TLS, several at a time from one address: each finds its
// data range open while others end. No policy opens those ports, and nothing is
// denied.
func TestFTPS(t *testing.T) {
	t.Parallel()
	need(t, "vsftpd")
	d := newData(t, 100000)
	want, err := os.ReadFile(filepath.Join(d.dir, d.name))
	if err != nil {
		t.Fatal(err)
	}
	s := build(t, example(t, "ftp-nat.toml")+tlsDataPorts, lab.TriangleOptions{Hide: true})
	dir := publicDir(t)
	cert, err := tool.Certificate(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := netip.MustParseAddrPort("10.2.0.2:21")
	daemon := tool.FTPServer{Dir: d.dir, Addr: server.Addr(), Port: server.Port(), Certificate: cert, Low: 50000, High: 50099}
	if _, err := tool.Vsftpd(t.Context(), s.Server, dir, daemon); err != nil {
		t.Fatal(err)
	}
	programs := map[string]tool.FTPClient{"curl": tool.Curl, "lftp": tool.Lftp}
	var each sync.WaitGroup
	for name, fetch := range programs {
		need(t, name)
		for range 2 {
			each.Go(func() {
				for round := range 4 {
					how := tool.FTPFetch{Server: server, File: d.name, TLS: true, EPSV: round%2 == 0, Patience: 5 * time.Second}
					got, err := fetch(t.Context(), s.Client, dir, how)
					if err != nil || !got.Got(want) {
						t.Errorf("%s, %v: %v, %+v", name, how, err, got)
					}
				}
			})
		}
	}
	each.Wait()
	s.counted(t, 16, "policyid=4", "helper=ftp", "trandisp=snat", "dstport=21")
	s.counted(t, 32, "policyid=4", "helper=ftp", "trandisp=snat")
	s.counted(t, 0, "action=deny")
}
