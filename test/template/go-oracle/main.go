// Executes templates with Go's text/template: one JSON object per line in, one out.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/template"
)

type service struct {
	Name string
	Port int
	Tags []string
	Meta map[string]string
}

type request struct {
	Template string
	Data     json.RawMessage
	Left     string
	Right    string
	Option   string
}

type response struct {
	// Base64: the output may be any bytes.
	Output string
	Error  string
}

type tagged struct {
	T string
	V json.RawMessage
}

func text(raw json.RawMessage) string {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		panic(err)
	}
	return s
}

func list(raw json.RawMessage) []json.RawMessage {
	var l []json.RawMessage
	if err := json.Unmarshal(raw, &l); err != nil {
		panic(err)
	}
	return l
}

func pairs(raw json.RawMessage, each func(key string, value json.RawMessage)) {
	for _, p := range list(raw) {
		kv := list(p)
		each(text(kv[0]), kv[1])
	}
}

func decode(raw json.RawMessage) any {
	var t tagged
	if err := json.Unmarshal(raw, &t); err != nil {
		panic(err)
	}
	switch t.T {
	case "nil":
		return nil
	case "bool":
		return text(t.V) == "true"
	case "string":
		b, err := base64.StdEncoding.DecodeString(text(t.V))
		if err != nil {
			panic(err)
		}
		return string(b)
	case "int":
		n, _ := strconv.ParseInt(text(t.V), 10, 64)
		return int(n)
	case "int64":
		n, _ := strconv.ParseInt(text(t.V), 10, 64)
		return n
	case "uint8":
		n, _ := strconv.ParseUint(text(t.V), 10, 8)
		return uint8(n)
	case "uint64":
		n, _ := strconv.ParseUint(text(t.V), 10, 64)
		return n
	case "float64":
		f, _ := strconv.ParseFloat(text(t.V), 64)
		return f
	case "[]any":
		out := []any{}
		for _, item := range list(t.V) {
			out = append(out, decode(item))
		}
		return out[:len(out):len(out)]
	case "[]string":
		out := []string{}
		for _, item := range list(t.V) {
			out = append(out, decode(item).(string))
		}
		return out[:len(out):len(out)]
	case "[]int":
		out := []int{}
		for _, item := range list(t.V) {
			out = append(out, decode(item).(int))
		}
		return out[:len(out):len(out)]
	case "map[string]any":
		out := map[string]any{}
		pairs(t.V, func(k string, v json.RawMessage) { out[k] = decode(v) })
		return out
	case "map[string]string":
		out := map[string]string{}
		pairs(t.V, func(k string, v json.RawMessage) { out[k] = decode(v).(string) })
		return out
	case "map[string]int":
		out := map[string]int{}
		pairs(t.V, func(k string, v json.RawMessage) { out[k] = decode(v).(int) })
		return out
	case "map[int]string":
		out := map[int]string{}
		pairs(t.V, func(k string, v json.RawMessage) {
			n, _ := strconv.Atoi(k)
			out[n] = decode(v).(string)
		})
		return out
	case "struct":
		f := list(t.V)
		return service{decode(f[0]).(string), decode(f[1]).(int), decode(f[2]).([]string), decode(f[3]).(map[string]string)}
	}
	panic("unknown type " + t.T)
}

func execute(r request) (out response) {
	defer func() {
		if p := recover(); p != nil {
			out = response{Error: fmt.Sprint("panic: ", p)}
		}
	}()
	t := template.New("t").Delims(r.Left, r.Right)
	if r.Option != "" {
		t = t.Option(r.Option)
	}
	t, err := t.Parse(r.Template)
	if err != nil {
		return response{Error: err.Error()}
	}
	var b strings.Builder
	if err := t.Execute(&b, decode(r.Data)); err != nil {
		return response{Error: err.Error()}
	}
	return response{Output: base64.StdEncoding.EncodeToString([]byte(b.String()))}
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<26)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var r request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			panic(err)
		}
		if err := out.Encode(execute(r)); err != nil {
			panic(err)
		}
	}
}
