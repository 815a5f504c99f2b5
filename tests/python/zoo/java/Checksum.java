// What is said of a column, gathered value by value.

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The nulls of a column and two order-free checksums of its values: the zoo's own, of MD5, which takes most of a reading's
 * time, and one of a quick hash. The second tells whether two readings found the same; then the first need not be made again. */
final class Checksum implements Serializable {
    private static final long serialVersionUID = 1;
    private static final long ODD = 0x9e3779b97f4a7c15L;
    private static final VarHandle EIGHT_BYTES = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final transient MessageDigest md5;
    long nulls, sum, mixes;
    /** The parts of the value at hand; `add` puts them into the checksums. */
    long hash, mix;

    Checksum(boolean withMd5) {
        try {
            md5 = withMd5 ? MessageDigest.getInstance("MD5") : null;
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible);
        }
    }

    void take(long value) {
        mix(value, 8);
        if (md5 != null) {
            md5(Long.toString(value).getBytes(StandardCharsets.US_ASCII));
        }
    }

    void take(byte[] text) {
        long bits = 0;
        int at = 0;
        for (; at + Long.BYTES <= text.length; at += Long.BYTES) {
            bits = (bits ^ (long) EIGHT_BYTES.get(text, at)) * ODD;
            bits ^= bits >>> 29;
        }
        for (; at < text.length; at++) {
            bits = (bits ^ text[at]) * ODD;
            bits ^= bits >>> 29;
        }
        mix(bits, text.length);
        if (md5 != null) {
            md5(text);
        }
    }

    void add() {
        sum += hash;
        mixes += mix;
    }

    /** Adds what another part of the file has. */
    void add(Checksum other) {
        nulls += other.nulls;
        sum += other.sum;
        mixes += other.mixes;
    }

    boolean same(Checksum other) {
        return nulls == other.nulls && mixes == other.mixes;
    }

    void put(ObjectNode column) {
        column.put("nulls", nulls);
        column.put("sum", sum);
    }

    private void mix(long bits, long length) {
        mix = (bits ^ length) * ODD;
        mix = (mix ^ mix >>> 32) * ODD;
        mix = (mix ^ mix >>> 29) * ODD | 1;  // never 0
    }

    private void md5(byte[] text) {
        byte[] digest = md5.digest(text);
        hash = (digest[0] & 0xffL) << 24 | (digest[1] & 0xff) << 16 | (digest[2] & 0xff) << 8 | digest[3] & 0xff;
    }
}
