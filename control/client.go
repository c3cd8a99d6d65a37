package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
)

// Client asks a running firewall.
type Client struct {
	path string
	http http.Client
}

// NewClient returns a client of the firewall that listens on the socket at path.
func NewClient(path string) *Client {
	c := &Client{path: path}
	c.http.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}
	return c
}

// Form is how a list is written.
type Form string

// Forms of a list: one JSON object a line, FortiOS's blocks, FortiOS's table.
const (
	FormJSON  Form = ""
	FormBlock Form = "block"
	FormShort Form = "short"
	FormText  Form = "text" // of a trace
)

// List writes the sessions that the query chooses to out, as they come.
func (c *Client) List(ctx context.Context, q Query, form Form, out io.Writer) error {
	return c.list(ctx, "sessions", q, form, out)
}

// ListExpectations does the same with expectations.
func (c *Client) ListExpectations(ctx context.Context, q Query, form Form, out io.Writer) error {
	return c.list(ctx, "expectations", q, form, out)
}

func (c *Client) list(ctx context.Context, what string, q Query, form Form, out io.Writer) error {
	v := q.values()
	if form != FormJSON {
		v.Set("as", string(form))
	}
	body, err := c.do(ctx, http.MethodGet, what, v)
	if err != nil {
		return err
	}
	defer body.Close()
	if _, err = io.Copy(out, body); err != nil {
		return fmt.Errorf("control socket %s: the list was cut short: %w", c.path, err)
	}
	return nil
}

// ListBlocks does the same with the blocks of ports that clients have.
func (c *Client) ListBlocks(ctx context.Context, q Query, form Form, out io.Writer) error {
	return c.list(ctx, "ippool-blocks", q, form, out)
}

// ListAddresses does the same with the addresses that sources are translated to.
func (c *Client) ListAddresses(ctx context.Context, q Query, form Form, out io.Writer) error {
	return c.list(ctx, "ippool-addresses", q, form, out)
}

// ListMappings does the same with endpoint-independent mappings.
func (c *Client) ListMappings(ctx context.Context, q Query, form Form, out io.Writer) error {
	return c.list(ctx, "mappings", q, form, out)
}

// Pools are the IP pools of that name, "" for all.
func (c *Client) Pools(ctx context.Context, name string) (all Pools, err error) {
	v := url.Values{}
	if name != "" {
		v.Set("name", name)
	}
	err = c.decode(ctx, http.MethodGet, "ippools", v, &all)
	return all, err
}

// Mapped is how many endpoint-independent mappings there are.
func (c *Client) Mapped(ctx context.Context) (int, error) {
	var n Mapped
	err := c.decode(ctx, http.MethodGet, "mappings/count", nil, &n)
	return n.Mappings, err
}

// FQDNs are the domain names that address objects name, and their addresses.
func (c *Client) FQDNs(ctx context.Context) (all FQDNs, err error) {
	err = c.decode(ctx, http.MethodGet, "fqdns", nil, &all)
	return all, err
}

// VIPs are the virtual IPs.
func (c *Client) VIPs(ctx context.Context) (all VIPs, err error) {
	err = c.decode(ctx, http.MethodGet, "vips", nil, &all)
	return all, err
}

// Trace writes to out what becomes of the next n packets of either direction of those
// sessions that the query chooses, as they come, until all have come or ctx is done.
func (c *Client) Trace(ctx context.Context, q Query, n int, form Form, out io.Writer) error {
	v := q.values()
	v.Set("count", strconv.Itoa(n))
	if form != FormJSON {
		v.Set("as", string(form))
	}
	body, err := c.do(ctx, http.MethodGet, "trace", v)
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(out, body)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Helpers are the session helpers.
func (c *Client) Helpers(ctx context.Context) (all Helpers, err error) {
	err = c.decode(ctx, http.MethodGet, "session-helpers", nil, &all)
	return all, err
}

// Clear takes out the sessions and expectations that the query chooses.
func (c *Client) Clear(ctx context.Context, q Query) (n Cleared, err error) {
	err = c.decode(ctx, http.MethodDelete, "sessions", q.values(), &n)
	return n, err
}

// Stats is how the session table is doing.
func (c *Client) Stats(ctx context.Context, q Query) (st Stats, err error) {
	err = c.decode(ctx, http.MethodGet, "stats", q.values(), &st)
	if err == nil && len(st.TCPStates) > len(tcpStates) {
		err = errors.New("control socket: the firewall is of another version")
	}
	return st, err
}

// Top is who has the most sessions, the first n by one of TopKeys.
func (c *Client) Top(ctx context.Context, q Query, by string, n int) (t Top, err error) {
	v := q.values()
	v.Set("by", by)
	v.Set("count", strconv.Itoa(n))
	err = c.decode(ctx, http.MethodGet, "top", v, &t)
	return t, err
}

// Interfaces are all that a configuration named since the firewall started.
func (c *Client) Interfaces(ctx context.Context) (list []Interface, err error) {
	err = c.decode(ctx, http.MethodGet, "interfaces", nil, &list)
	return list, err
}

// values are the query as a request carries it.
func (q *Query) values() url.Values {
	v := url.Values{}
	if q.Family != FamilyAny {
		v.Set("family", strconv.Itoa(int(q.Family)))
	}
	if words := q.Filter.Words(); len(words) > 0 {
		v.Set("filter", strings.Join(words, " "))
	}
	return v
}

func (c *Client) decode(ctx context.Context, method, what string, v url.Values, into any) error {
	body, err := c.do(ctx, method, what, v)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return fmt.Errorf("control socket %s: %w", c.path, err)
	}
	return nil
}

// do sends a request and returns the body of a good answer, which the caller
// closes.
func (c *Client) do(ctx context.Context, method, what string, v url.Values) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://portcullis/v1/"+what+"?"+v.Encode(), nil)
	if err != nil {
		return nil, err
	}
	a, err := c.http.Do(r)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if a.StatusCode == http.StatusOK {
		return a.Body, nil
	}
	defer a.Body.Close()
	var p problem
	if err := json.NewDecoder(a.Body).Decode(&p); err != nil || p.Error == "" {
		return nil, fmt.Errorf("control socket %s: %s", c.path, a.Status)
	}
	return nil, errors.New(p.Error)
}

// unreachable says in an operator's words why nobody answers.
func (c *Client) unreachable(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("control socket %s: no portcullis listens there: expected one that runs, or --control with its path", c.path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("control socket %s: not permitted: expected root, or a member of its --control-group", c.path)
	}
	return fmt.Errorf("control socket %s: %w", c.path, err)
}
