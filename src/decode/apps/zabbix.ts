import { beginsWithOne } from './lines.ts';
import type { AppProtocol } from './protocol.ts';

/** The header of Zabbix, with and without compression (Zabbix manual, appendix on protocols). */
export const zabbix: AppProtocol = {
  name: 'zabbix',
  transports: ['tcp'],
  ports: [10050, 10051],
  recognise({ bytes, start, end, beginning }) {
    if (!beginning) return 'no';
    return beginsWithOne(bytes, start, end, ['ZBXD\x01', 'ZBXD\x03']);
  },
};
