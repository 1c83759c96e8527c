#!/usr/bin/env python3
"""Counts the closed months of a ranking again from what the agency publishes, and checks their signatures and their chain.

    tests/recount.py http://127.0.0.1:8080 [--host localhost:8080] [--key HEX] [MONTH…]
    tests/recount.py FOLDER [--key HEX] [MONTH…]        the same addresses, saved as files below FOLDER

It shares no code with the program that counts: Python's standard library only, Ed25519 after RFC 8032, the format after docs/ranking.md.
Without --key it believes the key that the portal publishes. Exits with 1 when anything does not hold.
"""
import argparse
import hashlib
import json
import os
import sys
import urllib.request
from collections import defaultdict

# Ed25519 verification (RFC 8032, section 5.1.7), in affine arithmetic: slow, short, and easy to check against the text.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(one, two):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = one, two
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, point):
    out = (0, 1, 1, 0)
    while number:
        if number & 1:
            out = add(out, point)
        point = add(point, point)
        number >>= 1
    return out


def same(one, two):
    return (one[0] * two[2] - two[0] * one[2]) % P == 0 and (one[1] * two[2] - two[1] * one[2]) % P == 0


def point(octets):
    y = int.from_bytes(octets, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return same(times(s, BASE), add(r, times(k, a)))


# The files.
def records(text):
    """The rows of a CSV file of RFC 4180, without its header."""
    rows, row, cell, quoted, at = [], [], "", False, 0
    while at < len(text):
        letter = text[at]
        if quoted:
            if letter == '"' and text[at + 1 : at + 2] == '"':
                cell, at = cell + '"', at + 1
            elif letter == '"':
                quoted = False
            else:
                cell += letter
        elif letter == '"':
            quoted = True
        elif letter == ",":
            row, cell = row + [cell], ""
        elif letter == "\n":
            rows.append(row + [cell])
            row, cell = [], ""
        else:
            cell += letter
        at += 1
    return rows[1:]


def quoted(text):
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in '",\r\n') else text


HEADER = "puesto,codigo,municipio,codigo_departamento,departamento,habitantes,visitas,por_mil_habitantes,puesto_anterior,cambio\n"


def order(hours, towns, adjustments):
    """The order as it has to be published, byte for byte."""
    visits = defaultdict(int)
    for code, _, *counted in records(hours):
        visits[code] += sum(map(int, counted))
    for code, _, change, _ in records(adjustments):
        visits[code] += int(change)
    rows = []
    for code, name, department_code, department, people, before in records(towns):
        rows.append((max(visits[code], 0), code, name, department_code, department, people, before))
    out = []
    for had, code, name, department_code, department, people, before in rows:
        place = 1 + sum(other[0] > had for other in rows)
        each = ""
        if people and int(people) > 0:
            thousandths = (had * 1_000_000 + int(people) // 2) // int(people)
            each = f"{thousandths // 1000}.{thousandths % 1000:03d}"
        change = str(int(before) - place) if before else ""
        cells = [str(place), quoted(code), quoted(name), department_code, quoted(department), people, str(had), each, before, change]
        out.append((place, code, ",".join(cells) + "\n"))
    return HEADER + "".join(line for _, _, line in sorted(out, key=lambda row: row[:2]))


def fields(statement):
    return dict(line.split(": ", 1) for line in statement.splitlines() if ": " in line and not line.startswith("archivo: "))


def files(statement):
    named = [line.removeprefix("archivo: ").split(" ") for line in statement.splitlines() if line.startswith("archivo: ")]
    return {name: (int(length), digest) for name, length, _, digest in named}


class Broken(Exception):
    pass


def need(holds, why):
    if not holds:
        raise Broken(why)


def chain(statements, key):
    """Every statement is signed by the key and names the digest of the one before."""
    before = None
    for index, statement in enumerate(statements, 1):
        body = statement["body"].encode()
        digest = hashlib.sha256(body).hexdigest()
        said = fields(statement["body"])
        need(statement["number"] == index, f"acta {index}: falta o sobra una")
        need(statement["digest"] == digest, f"acta {index}: la huella no es la suya")
        need(said["clave"] == f"ed25519 {key}" and statement["publicKey"] == key, f"acta {index}: es de otra clave")
        need(signed(bytes.fromhex(key), body, bytes.fromhex(statement["signature"])), f"acta {index}: la firma no es de estos bytes")
        first = said["anterior"] == "ninguno" or said["anterior"].startswith("hmac-sha256 ")
        need(said["anterior"] == f"sha256 {before}" if before else first, f"acta {index}: no sigue a la anterior")
        before = digest


def month(get, name, statements, key):
    """The order of a month follows from its hours, and its files are those that were signed."""
    act, signature = get(f"/ranking/{name}/acta.txt"), get(f"/ranking/{name}/firma.txt").decode().strip()
    need(signed(bytes.fromhex(key), act, bytes.fromhex(signature)), f"{name}: la firma no es de su acta")
    act = act.decode()
    need(any(statement["body"] == act and statement["signature"] == signature for statement in statements), f"{name}: su acta no está en la cadena")
    said, texts = fields(act), {}
    need(said["mes"] == name and said["tipo"] == "cierre", f"{name}: el acta es de otro mes")
    for file, (length, digest) in files(act).items():
        octets = get(f"/ranking/{name}/{file}")
        need(len(octets) == length and hashlib.sha256(octets).hexdigest() == digest, f"{name}: {file} no es el archivo que se firmó")
        texts[file] = octets.decode()
    again = order(texts["horas.csv"], texts["municipios.csv"], texts["ajustes.csv"])
    need(again == texts["orden.csv"], f"{name}: el orden no se sigue de las visitas por hora")
    need(len(records(again)) == int(said["municipios"]), f"{name}: el acta cuenta otros municipios")
    if any(f"mes: {said['comparado-con']}\n" in statement["body"] for statement in statements if statement["kind"] == "CLOSE"):
        places = {row[1]: row[0] for row in records(get(f"/ranking/{said['comparado-con']}/orden.csv").decode())}
        for code, *_, before in records(texts["municipios.csv"]):
            need(places.get(code, "") == before, f"{name}: el puesto anterior de {code} no es el del mes cerrado")
    visits = sum(int(row[6]) for row in records(again))
    print(f"{name}: {said['municipios']} municipios, {visits} visitas: mismos bytes, firma y cadena bien")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("source")
    arguments.add_argument("--host")
    arguments.add_argument("--key")
    arguments.add_argument("months", nargs="*")
    asked = arguments.parse_args()

    def get(address):
        if not asked.source.startswith("http"):
            with open(os.path.join(asked.source, address.lstrip("/")), "rb") as file:
                return file.read()
        headers = {"Host": asked.host} if asked.host else {}
        with urllib.request.urlopen(urllib.request.Request(asked.source.rstrip("/") + address, headers=headers), timeout=60) as answer:
            return answer.read()

    try:
        told = json.loads(get("/datos-abiertos.json"))
        key = asked.key or told["signingKey"]
        need(key, "no hay clave pública")
        chain(told["statements"], key)
        closed = [statement["month"] for statement in told["statements"] if statement["kind"] == "CLOSE"]
        for name in asked.months or closed:
            need(name in closed, f"{name}: no está cerrado con firma pública")
            month(get, name, told["statements"], key)
        need(closed, "no hay meses cerrados con firma pública")
    except Broken as why:
        print(why)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
