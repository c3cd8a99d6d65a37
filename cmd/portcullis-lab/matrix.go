package main

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"portcullis/lab"
	"portcullis/lab/tool"
)

// matrix is the act of examples/ftps-matrix.toml: it needs the servers and
// clients that "make tools" gets, and so is no part of the demonstration.
var matrix = act{
	number: 1, title: "FTP and FTPS through NAT", example: "ftps-matrix.toml", hosts: matrixHosts, limit: 3 * time.Minute,
	play: playMatrix, picture: `
   private client 10.1.0.2     ── port1 ┐            ┌ port2 ── private servers 10.2.0.2   10.2.0.3
                                        [ firewall ]                     as 192.0.2.2   192.0.2.3
   public client  198.51.100.2 ── port3 ┘            └ port4 ── public servers  203.0.113.2 203.0.113.3`,
	plot: `
		Real servers (vsftpd and proftpd) and clients (curl and lftp, which alone can do TLS in active
		mode) in every combination. Private servers are behind a virtual IP, private clients behind a
		pool; nobody outside has a route to their own addresses. Each cell of the table is real
		transfers, of which the content is compared.`,
}

// Where the matrix is played.
var matrixHosts = []lab.Host{
	{Name: "private client", Port: "port1", Addrs: prefixes("10.1.0.2/24"), Gateway: netip.MustParseAddr("10.1.0.1"), To: prefixes("203.0.113.0/24", "192.0.2.0/24")},
	{Name: "private server", Port: "port2", Addrs: prefixes("10.2.0.2/24", "10.2.0.3/24"), Gateway: netip.MustParseAddr("10.2.0.1"), To: prefixes("198.51.100.0/24", "192.0.2.0/24")},
	{Name: "public client", Port: "port3", Addrs: prefixes("198.51.100.2/24"), Gateway: netip.MustParseAddr("198.51.100.1"), To: prefixes("203.0.113.0/24", "192.0.2.0/24")},
	{Name: "public server", Port: "port4", Addrs: prefixes("203.0.113.2/24", "203.0.113.3/24"), Gateway: netip.MustParseAddr("203.0.113.1"), To: prefixes("198.51.100.0/24", "192.0.2.0/24")},
}

func prefixes(list ...string) (prefixes []netip.Prefix) {
	for _, p := range list {
		prefixes = append(prefixes, netip.MustParsePrefix(p))
	}
	return prefixes
}

// pairing is a column of the table: a client and a server.
type pairing struct {
	client, server string // "public" or "private"
}

var pairings = []pairing{{"public", "public"}, {"public", "private"}, {"private", "public"}, {"private", "private"}}

func (p pairing) String() string { return p.client + " client, " + p.server + " server" }

// daemon is an FTP server program of the matrix. Server addresses end in the
// same number on both sides of the virtual IP.
type daemon struct {
	name   string
	start  tool.FTPDaemon
	digits string
}

var daemons = []daemon{{"vsftpd", tool.Vsftpd, "2"}, {"proftpd", tool.Proftpd, "3"}}

// own is the daemon's own address, announced that which clients use.
func (d daemon) own(server string) netip.Addr {
	if server == "private" {
		return netip.MustParseAddr("10.2.0." + d.digits)
	}
	return d.announced(server)
}

func (d daemon) announced(server string) netip.Addr {
	if server == "private" {
		return netip.MustParseAddr("192.0.2." + d.digits)
	}
	return netip.MustParseAddr("203.0.113." + d.digits)
}

// client is an FTP client program of the matrix.
type client struct {
	name  string
	fetch tool.FTPClient
}

var clients = []client{{"curl", tool.Curl}, {"lftp", tool.Lftp}}

// The ports of an FTP server in the matrix.
const (
	plainPort    = 21   // no range for the time after AUTH TLS
	rangePort    = 2121 // with tls-data-ports
	announcePort = 2122 // with them, and the server announces its public address
	implicitPort = 990
)

// way is a row of the table: a way of transferring a file.
type way struct {
	title string
	port  uint16
	fetch tool.FTPFetch
	// obstacle says why it cannot work for a pairing; "" is that it must.
	obstacle func(pairing) string
	why      string // it works, where it does
	// proof reports whether a failed transfer failed of the obstacle.
	proof func(*tool.FTPFetched) bool
}

// ways are the rows. The first four are those of every firewall.
var ways = []way{
	{title: "plain FTP, active", port: plainPort, fetch: tool.FTPFetch{Active: true},
		why: "the helper reads the client's PORT, translates it and expects the server's connection"},
	{title: "plain FTP, passive", port: plainPort, fetch: tool.FTPFetch{Believe: true},
		why: "the helper reads the server's 227, translates it and expects the client's connection"},
	{title: "FTPS, active", port: plainPort, fetch: tool.FTPFetch{TLS: true, Active: true},
		why:      "the client announces an address that the server can reach, and a policy lets the server out",
		obstacle: hiddenClient, proof: said("> PORT 10,1,0,")},
	{title: "FTPS, passive", port: plainPort, fetch: tool.FTPFetch{TLS: true, Believe: true},
		why:      "the server announces an address that the client can reach, and a policy lets the client out",
		obstacle: hiddenServer, proof: said("< 227", "(10,2,0,")},
	{title: "FTPS, passive, address ignored", port: plainPort, fetch: tool.FTPFetch{TLS: true},
		why: "a policy lets the client out",
		obstacle: func(p pairing) string {
			if p.server == "private" {
				return "the client goes to the public address, but nobody could read to which port, and no policy opens it"
			}
			return ""
		}, proof: said("< 227", "(10,2,0,")},
	{title: "tls-data-ports: EPSV", port: rangePort, fetch: tool.FTPFetch{TLS: true, EPSV: true},
		why: "no address is announced, and the helper keeps a range open for this client's TLS"},
	{title: "tls-data-ports: PASV, address ignored", port: rangePort, fetch: tool.FTPFetch{TLS: true},
		why: "the client goes where its control connection goes, and the helper keeps a range open for its TLS"},
	{title: "tls-data-ports: PASV, address believed", port: rangePort, fetch: tool.FTPFetch{TLS: true, Believe: true},
		why:      "the server announces an address that the client can reach, and the helper keeps a range open for its TLS",
		obstacle: hiddenServer, proof: said("< 227", "(10,2,0,")},
	{title: "tls-data-ports: PASV, server announces its public address", port: announcePort, fetch: tool.FTPFetch{TLS: true, Believe: true},
		why: "the announced address is right without translation, and the helper keeps a range open for this client's TLS"},
	{title: "tls-data-ports: implicit TLS, EPSV", port: implicitPort, fetch: tool.FTPFetch{TLS: true, Implicit: true, EPSV: true},
		why: "the helper has seen TLS from the first byte on, and keeps a range open for this client's TLS"},
}

func hiddenClient(p pairing) string {
	if p.client == "private" {
		return "the client announces 10.1.0.2, encrypted, and the server cannot reach that"
	}
	return ""
}

func hiddenServer(p pairing) string {
	if p.server == "private" {
		return "the server announces 10.2.0.x, encrypted, and the client cannot reach that"
	}
	return ""
}

// said looks for a line of the conversation that begins so and holds that.
func said(begin string, holds ...string) func(*tool.FTPFetched) bool {
	return func(f *tool.FTPFetched) bool {
		return slices.ContainsFunc(f.Lines, func(line string) bool {
			return strings.HasPrefix(line, begin) &&
				!slices.ContainsFunc(holds, func(part string) bool { return !strings.Contains(line, part) })
		})
	}
}

// works reports whether the way must work for a pairing.
func (w way) works(p pairing) bool { return w.obstacle == nil || w.obstacle(p) == "" }

// clients are those that can go the way.
func (w way) clients() []client {
	return slices.DeleteFunc(slices.Clone(clients), func(c client) bool { return c.name == "curl" && w.fetch.TLS && w.fetch.Active })
}
